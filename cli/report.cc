#include "cli/report.h"

#include "base/strings.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace cli {
namespace {

std::string dump(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

// Names come from elsewhere: they must not steer the terminal that shows them.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return text;
}

// Columns on a terminal, near enough: bytes that continue a UTF-8 character take none.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

bool yaml_needs_quotes(const std::string& text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return true;
  // Plain words that no reader takes for another type, and without any sign that YAML gives meaning
  // to.
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '/' || c == ' ' || c == '-';
  };
  if (!std::all_of(text.begin(), text.end(), plain)) return true;
  const char first = text.front();
  if (!((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '/'))
    return true;
  for (const char* word : {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}) {
    if (std::equal(text.begin(), text.end(), word, word + std::string_view(word).size(),
                   [](char a, char b) { return (a | 0x20) == b; })) {
      return true;
    }
  }
  return false;
}

std::string yaml_scalar(const Json& value) {
  if (!value.is_string()) return dump(value, -1);
  const auto& text = value.get_ref<const std::string&>();
  return yaml_needs_quotes(text) ? dump(value, -1) : text;
}

void append_yaml(std::string& out, const Json& value, std::size_t indent);

// After "key:" or "-": a scalar on the same line, anything else on lines of its own.
void append_yaml_child(std::string& out, const Json& child, std::size_t indent) {
  if ((child.is_object() || child.is_array()) && !child.empty()) {
    out += "\n";
    append_yaml(out, child, indent);
  } else {
    out += " " + yaml_scalar(child) + "\n";
  }
}

void append_yaml(std::string& out, const Json& value, std::size_t indent) {
  const std::string margin(indent, ' ');
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, child] : value.items()) {
      out += margin + yaml_scalar(Json(key)) + ":";
      append_yaml_child(out, child, indent + 2);
    }
  } else if (value.is_array() && !value.empty()) {
    for (const Json& child : value) {
      if (child.is_object() && !child.empty()) {
        // The first key stands behind the dash.
        std::string object;
        append_yaml(object, child, indent + 2);
        object[indent] = '-';
        out += object;
      } else {
        out += margin + "-";
        append_yaml_child(out, child, indent + 2);
      }
    }
  } else {
    out += margin + yaml_scalar(value) + "\n";
  }
}

Json value_at(const Json& row, std::string_view path) {
  const Json* value = &row;
  for (const std::string_view key : base::split(path, '.')) {
    const auto found = value->find(std::string(key));
    if (found == value->end()) return {};
    value = &*found;
  }
  return *value;
}

std::string align(const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> widths;
  for (const auto& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], width_of(line[i]));
  }
  std::string out;
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      out += line[i];
      if (i + 1 < line.size()) out += std::string(widths[i] - width_of(line[i]) + 2, ' ');
    }
    out += "\n";
  }
  return out;
}

}  // namespace

std::string cell(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return text.empty() ? "-" : printable(text);
  }
  if (value.is_number_float()) {
    char text[32] = {};
    std::snprintf(text, sizeof text, "%.4g", value.get<double>());
    return text;
  }
  if (value.is_array() || value.is_object()) {
    std::string out;
    for (const auto& [key, child] : value.items()) {
      if (!out.empty()) out += ",";
      if (value.is_object()) out += printable(key) + "=";
      out += child.is_array() ? printable(dump(child, -1)) : cell(child);
    }
    return out.empty() ? "-" : out;
  }
  return printable(dump(value, -1));
}

std::string to_yaml(const Json& value) {
  std::string out;
  append_yaml(out, value, 0);
  return out;
}

std::string render_rows(const Json& rows, const std::vector<Column>& columns, Format format) {
  if (format == Format::json) return dump(rows, 2) + "\n";
  if (format == Format::yaml) return to_yaml(rows);
  std::vector<std::vector<std::string>> lines(1);
  for (const Column& column : columns) lines[0].emplace_back(column.title);
  for (const Json& row : rows) {
    auto& line = lines.emplace_back();
    for (const Column& column : columns) {
      std::string text = cell(value_at(row, column.key));
      if (column.cut_to > 0 && text.size() > column.cut_to) text.resize(column.cut_to);
      line.push_back(std::move(text));
    }
  }
  return align(lines);
}

std::string render_object(const Json& object, Format format) {
  if (format == Format::json) return dump(object, 2) + "\n";
  if (format == Format::yaml) return to_yaml(object);
  std::vector<std::vector<std::string>> lines;
  for (const auto& [key, value] : object.items()) lines.push_back({key, cell(value)});
  return align(lines);
}

}  // namespace cli
