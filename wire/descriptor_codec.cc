#include "wire/descriptor_codec.h"

#include "base/check.h"
#include "base/utf8.h"
#include "wire/descriptor.capnp.h"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wire {

namespace {

using Limits = DescriptorLimits;
using Failure = std::optional<DescriptorError>;  // nothing: all is well

// ---- what holds for a descriptor on either way ----

Failure check_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) return DescriptorError::text_too_long;
  if (!base::is_utf8(text)) return DescriptorError::not_text;
  return std::nullopt;
}

Failure check_words(const std::vector<std::string>& words, std::size_t count_max,
                    std::size_t bytes_max) {
  if (words.size() > count_max) return DescriptorError::too_many;
  for (const std::string& word : words) {
    if (const Failure failure = check_text(word, bytes_max)) return failure;
  }
  return std::nullopt;
}

Failure check_capability(const mesh::Capability& capability) {
  if (!mesh::is_capability_name(capability.name)) return DescriptorError::bad_name;
  if (const Failure failure = check_text(capability.description, Limits::text)) return failure;
  if (const Failure failure = check_words(capability.examples, Limits::examples, Limits::text)) {
    return failure;
  }
  if (capability.attributes.size() > Limits::attributes) return DescriptorError::too_many;
  for (const auto& [name, values] : capability.attributes) {
    if (const Failure failure = check_text(name, Limits::word)) return failure;
    if (const Failure failure = check_words(values, Limits::attribute_values, Limits::word)) {
      return failure;
    }
  }
  if (!capability.check) return std::nullopt;
  if (const Failure failure = check_text(capability.check->pattern, Limits::pattern)) {
    return failure;
  }
  return check_text(capability.check->schema, Limits::schema);
}

Failure check(const mesh::AgentDescriptor& descriptor) {
  if (const Failure failure = check_words(descriptor.roles, Limits::roles, Limits::word)) {
    return failure;
  }
  if (descriptor.capabilities.size() > Limits::capabilities) return DescriptorError::too_many;
  for (const mesh::Capability& capability : descriptor.capabilities) {
    if (const Failure failure = check_capability(capability)) return failure;
  }
  return std::nullopt;
}

// ---- out ----

capnp::Text::Reader text_of(const std::string& text) {
  return {text.c_str(), text.size()};
}

void fill(capnp::List<capnp::Text>::Builder out, const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    out.set(static_cast<unsigned>(i), text_of(words[i]));
  }
}

unsigned size_of(const auto& items) {
  return static_cast<unsigned>(items.size());
}

void fill(schema::Capability::Builder out, const mesh::Capability& capability) {
  out.setName(text_of(capability.name));
  out.setDescription(text_of(capability.description));
  fill(out.initExamples(size_of(capability.examples)), capability.examples);
  auto attributes = out.initAttributes(size_of(capability.attributes));
  unsigned index = 0;
  for (const auto& [name, values] : capability.attributes) {
    auto attribute = attributes[index++];
    attribute.setName(text_of(name));
    fill(attribute.initValues(size_of(values)), values);
  }
  out.setProficiency(static_cast<std::uint8_t>(capability.proficiency));
  out.setVersionMajor(capability.version.major);
  out.setVersionMinor(capability.version.minor);
  out.setVersionPatch(capability.version.patch);
  out.setCostMicros(capability.cost_micros);
  if (!capability.check) return;
  auto check = out.initCheck();
  check.setNonEmpty(capability.check->non_empty);
  check.setPattern(text_of(capability.check->pattern));
  check.setSchema(text_of(capability.check->schema));
}

// ---- in; throws kj::Exception on what is not a message ----

Failure read_text(capnp::Text::Reader in, std::size_t bytes_max, std::string& out) {
  out.assign(in.begin(), std::min<std::size_t>(in.size(), bytes_max + 1));
  return check_text(out, bytes_max);
}

Failure read_words(capnp::List<capnp::Text>::Reader in, std::size_t count_max,
                   std::size_t bytes_max, std::vector<std::string>& out) {
  if (in.size() > count_max) return DescriptorError::too_many;
  out.reserve(in.size());
  for (const capnp::Text::Reader word : in) {
    if (const Failure failure = read_text(word, bytes_max, out.emplace_back())) return failure;
  }
  return std::nullopt;
}

Failure read_attributes(capnp::List<schema::Attribute>::Reader in, mesh::Capability& out) {
  if (in.size() > Limits::attributes) return DescriptorError::too_many;
  for (const schema::Attribute::Reader attribute : in) {
    std::string name;
    if (const Failure failure = read_text(attribute.getName(), Limits::word, name)) return failure;
    std::vector<std::string> values;
    if (const Failure failure =
            read_words(attribute.getValues(), Limits::attribute_values, Limits::word, values)) {
      return failure;
    }
    const bool fresh = out.attributes.emplace(std::move(name), std::move(values)).second;
    if (!fresh) return DescriptorError::malformed;
  }
  return std::nullopt;
}

Failure read_check(schema::OutputCheck::Reader in, mesh::OutputCheck& out) {
  out.non_empty = in.getNonEmpty();
  if (const Failure failure = read_text(in.getPattern(), Limits::pattern, out.pattern)) {
    return failure;
  }
  return read_text(in.getSchema(), Limits::schema, out.schema);
}

Failure read_capability(schema::Capability::Reader in, mesh::Capability& out) {
  if (const Failure failure = read_text(in.getName(), Limits::word, out.name)) return failure;
  if (!mesh::is_capability_name(out.name)) return DescriptorError::bad_name;
  if (const Failure failure = read_text(in.getDescription(), Limits::text, out.description)) {
    return failure;
  }
  if (const Failure failure =
          read_words(in.getExamples(), Limits::examples, Limits::text, out.examples)) {
    return failure;
  }
  if (const Failure failure = read_attributes(in.getAttributes(), out)) return failure;
  if (in.getProficiency() > static_cast<std::uint8_t>(mesh::Proficiency::expert)) {
    return DescriptorError::malformed;
  }
  out.proficiency = static_cast<mesh::Proficiency>(in.getProficiency());
  out.version = {
      .major = in.getVersionMajor(), .minor = in.getVersionMinor(), .patch = in.getVersionPatch()};
  if (in.getCostMicros() < 0) return DescriptorError::malformed;
  out.cost_micros = in.getCostMicros();
  if (in.hasCheck()) return read_check(in.getCheck(), out.check.emplace());
  return std::nullopt;
}

Failure read_descriptor(schema::AgentDescriptor::Reader in, mesh::AgentDescriptor& out) {
  if (const Failure failure = read_words(in.getRoles(), Limits::roles, Limits::word, out.roles)) {
    return failure;
  }
  const auto capabilities = in.getCapabilities();
  if (capabilities.size() > Limits::capabilities) return DescriptorError::too_many;
  out.capabilities.reserve(capabilities.size());
  for (const schema::Capability::Reader capability : capabilities) {
    if (const Failure failure = read_capability(capability, out.capabilities.emplace_back())) {
      return failure;
    }
  }
  out.concurrency = in.getConcurrency();
  return std::nullopt;
}

}  // namespace

std::string_view to_string(DescriptorError error) {
  switch (error) {
    case DescriptorError::too_large:
      return "too_large";
    case DescriptorError::malformed:
      return "malformed";
    case DescriptorError::too_many:
      return "too_many";
    case DescriptorError::text_too_long:
      return "text_too_long";
    case DescriptorError::not_text:
      return "not_text";
    case DescriptorError::bad_name:
      return "bad_name";
  }
  CHECK(false);
  return {};
}

base::Result<base::Bytes, DescriptorError> encode_descriptor(
    const mesh::AgentDescriptor& descriptor) {
  if (const Failure failure = check(descriptor)) return base::Unexpected{*failure};
  capnp::MallocMessageBuilder message;
  auto root = message.initRoot<schema::AgentDescriptor>();
  fill(root.initRoles(size_of(descriptor.roles)), descriptor.roles);
  auto capabilities = root.initCapabilities(size_of(descriptor.capabilities));
  for (unsigned i = 0; i < capabilities.size(); ++i) {
    fill(capabilities[i], descriptor.capabilities[i]);
  }
  root.setConcurrency(descriptor.concurrency);
  const kj::Array<capnp::word> words = capnp::messageToFlatArray(message);
  const auto raw = words.asBytes();
  if (raw.size() > Limits::bytes) return base::Unexpected{DescriptorError::too_large};
  base::Bytes out(raw.size());
  std::memcpy(out.data(), raw.begin(), raw.size());
  return out;
}

base::Result<mesh::AgentDescriptor, DescriptorError> decode_descriptor(base::ByteView bytes) {
  if (bytes.size() > Limits::bytes) return base::Unexpected{DescriptorError::too_large};
  if (bytes.empty() || bytes.size() % sizeof(capnp::word) != 0) {
    return base::Unexpected{DescriptorError::malformed};
  }
  // Copied, because the reader wants words that are aligned.
  std::vector<capnp::word> words(bytes.size() / sizeof(capnp::word));
  std::memcpy(static_cast<void*>(words.data()), bytes.data(), bytes.size());
  // Pointers may point to the same words again and again: twice the size is enough for an honest
  // one.
  capnp::ReaderOptions options;
  options.traversalLimitInWords = 2 * words.size() + 64;
  options.nestingLimit = 8;
  mesh::AgentDescriptor out;
  Failure failure;
  try {
    capnp::FlatArrayMessageReader reader(kj::arrayPtr(words.data(), words.size()), options);
    failure = read_descriptor(reader.getRoot<schema::AgentDescriptor>(), out);
  } catch (const kj::Exception&) {
    return base::Unexpected{DescriptorError::malformed};
  }
  if (failure) return base::Unexpected{*failure};
  return out;
}

}  // namespace wire
