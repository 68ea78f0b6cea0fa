#include "cli/command_line.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace {

bool wants_color() {
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

}  // namespace

int main(int count, char** arguments) {
  std::ios::sync_with_stdio(false);
  cli::Console console{.out = std::cout,
                       .err = std::cerr,
                       .out_is_terminal = isatty(STDOUT_FILENO) == 1,
                       .err_is_terminal = isatty(STDERR_FILENO) == 1,
                       .color = wants_color()};
  return cli::run({arguments + 1, arguments + count}, console);
}
