#include "api/hosts.h"

#include "api/problem.h"
#include "base/strings.h"

#include <algorithm>

namespace api {
namespace {

struct Authority {
  std::string host;  // lower case, without brackets
  bool well_formed = false;
};

bool is_port(std::string_view text) {
  const auto port = base::parse_unsigned(text);
  return port.has_value() && *port <= 65'535;
}

Authority parse_authority(std::string_view text) {
  std::string_view host = text;
  std::string_view after;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return {};
    host = text.substr(1, end - 1);
    after = text.substr(end + 1);
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    after = text.substr(colon);
  }
  if (host.empty()) return {};
  if (!after.empty() && (after.front() != ':' || !is_port(after.substr(1)))) return {};
  return {base::to_lower(host), true};
}

std::optional<base::Endpoint> as_literal(const std::string& host) {
  const bool v6 = host.find(':') != std::string::npos;
  return base::Endpoint::parse(v6 ? "[" + host + "]:0" : host + ":0");
}

// A page may talk to us if it came from us: scheme://authority with the request's own authority.
bool is_same_origin(std::string_view origin, std::string_view authority) {
  const auto scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const std::string_view scheme = origin.substr(0, scheme_end);
  if (scheme != "http" && scheme != "https") return false;
  return base::equals_ignoring_case(origin.substr(scheme_end + 3), authority);
}

}  // namespace

bool is_own_host(std::string_view authority, const Access& access) {
  const Authority parsed = parse_authority(authority);
  if (!parsed.well_formed) return false;
  const auto& names = access.hosts;
  if (parsed.host == "localhost") return true;
  if (std::find(names.begin(), names.end(), parsed.host) != names.end()) return true;
  const auto literal = as_literal(parsed.host);
  if (!literal) return false;
  return literal->is_loopback() || literal->ip == access.api.ip || access.api.is_unspecified();
}

std::optional<Response> refuse_foreign(std::string_view authority, const mesh::Headers& headers,
                                       const Access& access) {
  if (!is_own_host(authority, access)) {
    return problem(403, "forbidden",
                   "the Host header \"" + std::string(authority) +
                       "\" is not this node's; call it by its address, or by localhost");
  }
  if (const auto origin = mesh::find_header(headers, "origin");
      origin && !is_same_origin(*origin, authority)) {
    return problem(403, "forbidden",
                   "requests of the web page \"" + std::string(*origin) +
                       "\" are refused; only this node's own pages may call it from a browser");
  }
  // Browsers leave Origin out of some requests, such as that of an image on a foreign page.
  const auto site = mesh::find_header(headers, "sec-fetch-site");
  if (site && *site != "same-origin" && *site != "none") {
    return problem(403, "forbidden", "requests from another site's web page are refused");
  }
  return std::nullopt;
}

}  // namespace api
