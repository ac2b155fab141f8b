#include "apiserver/encoded_object.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "apiserver/keys.h"
#include "reeve/v1/meta.pb.h"

namespace reeve::apiserver {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

constexpr int kMetadataFieldNumber = 1;  // Of every kind.

constexpr uint32_t TagOf(int number) {
  return WireFormatLite::MakeTag(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
}

size_t VarintSize(size_t value) {
  return CodedOutputStream::VarintSize32(static_cast<uint32_t>(value));
}

size_t FieldSize(uint32_t tag, size_t size) { return VarintSize(tag) + VarintSize(size) + size; }

void AppendVarint(size_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

void AppendHead(uint32_t tag, size_t size, std::string* out) {
  AppendVarint(tag, out);
  AppendVarint(size, out);
}

// Takes field `tag` off the front of `bytes`.
std::optional<std::string_view> TakeField(uint32_t tag, std::string_view* bytes) {
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes->data()),
                      static_cast<int>(bytes->size()));
  uint32_t size = 0;
  if (in.ReadTag() != tag || !in.ReadVarint32(&size)) return std::nullopt;
  const auto start = static_cast<size_t>(in.CurrentPosition());
  if (size > bytes->size() - start) return std::nullopt;
  const std::string_view field = bytes->substr(start, size);
  bytes->remove_prefix(start + size);
  return field;
}

}  // namespace

std::optional<EncodedObject> EncodedObject::Of(const store::Version& version) {
  EncodedObject object;
  std::string_view whole = version.value;
  object.kind_tag_ = TagOf(KindIdOfKey(version.key));
  std::optional<std::string_view> inner = TakeField(object.kind_tag_, &whole);
  if (!inner.has_value() || !whole.empty()) return std::nullopt;
  const std::optional<std::string_view> meta = TakeField(TagOf(kMetadataFieldNumber), &*inner);
  if (!meta.has_value()) return std::nullopt;
  object.meta_ = *meta;
  object.rest_ = *inner;
  object.resource_version_ = fmt::format_int(version.modified).str();
  object.meta_size_ = meta->size() + FieldSize(TagOf(v1::ObjectMeta::kResourceVersionFieldNumber),
                                               object.resource_version_.size());
  object.inner_size_ =
      FieldSize(TagOf(kMetadataFieldNumber), object.meta_size_) + object.rest_.size();
  return object;
}

size_t EncodedObject::size() const { return FieldSize(kind_tag_, inner_size_); }

void EncodedObject::AppendTo(std::string* out) const {
  AppendHead(kind_tag_, inner_size_, out);
  AppendHead(TagOf(kMetadataFieldNumber), meta_size_, out);
  *out += meta_;
  AppendHead(TagOf(v1::ObjectMeta::kResourceVersionFieldNumber), resource_version_.size(), out);
  *out += resource_version_;
  *out += rest_;
}

void EncodedObject::AppendAsField(int number, std::string* out) const {
  AppendHead(TagOf(number), size(), out);
  AppendTo(out);
}

}  // namespace reeve::apiserver
