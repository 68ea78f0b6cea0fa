#include "mesh/judge/phrase.h"

namespace mesh::judge {

std::string printable(std::string_view text) {
  std::string out(text.substr(0, phrase_max));
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '?';
  }
  return out;
}

}  // namespace mesh::judge
