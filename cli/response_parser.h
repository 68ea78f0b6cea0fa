// An HTTP/1.1 response read piece by piece, by llhttp. Gives the head once it is whole, and the
// body as it comes, freed of its chunks. Informational responses (1xx) are skipped.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cli {

struct HttpHead {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case

  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
};

class ResponseParser {
 public:
  struct Sinks {
    std::function<void(const HttpHead&)> head;   // may be empty
    std::function<void(std::string_view)> body;  // may be empty
  };
  static constexpr std::size_t head_max = 64 * 1024;

  explicit ResponseParser(Sinks sinks);
  ~ResponseParser();
  ResponseParser(ResponseParser&&) noexcept;

  // False: this is not HTTP, and nothing more can be read. Bytes behind the end are an error too.
  [[nodiscard]] bool feed(std::string_view bytes);
  // The connection ended: true if the response was whole, or ends with its connection.
  [[nodiscard]] bool finish();

  void expect_no_body();  // the answer to HEAD: ends with its head, whatever that says

  [[nodiscard]] bool has_head() const;
  [[nodiscard]] bool complete() const;
  [[nodiscard]] bool keeps_alive() const;  // of a complete one
  [[nodiscard]] const HttpHead& head() const;
  void reset();  // for the next response on the same connection

 private:
  struct State;
  std::unique_ptr<State> state_;  // sole owner
};

}  // namespace cli
