#include "apiserver/watch_event.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include "apiserver/encoded_object.h"

namespace reeve::apiserver {

namespace {

constexpr size_t kFieldHeadBytesMax = 10;

// A v1.WatchEvent that carries the stored object, without decoding it; null when that cannot be.
EventBytes EncodeStored(const v1::WatchEvent& head, const store::Version& version) {
  const std::optional<EncodedObject> object = EncodedObject::Of(version);
  if (!object.has_value()) return nullptr;
  auto bytes = std::make_shared<std::string>(head.SerializeAsString());
  bytes->reserve(bytes->size() + object->size() + kFieldHeadBytesMax);
  object->AppendAsField(v1::WatchEvent::kObjectFieldNumber, bytes.get());
  return bytes;
}

}  // namespace

EventBytes EncodeEvent(v1::WatchEvent head, const Message* object) {
  using google::protobuf::internal::WireFormatLite;
  auto bytes = std::make_shared<std::string>(head.SerializeAsString());
  if (object == nullptr) return bytes;
  google::protobuf::io::StringOutputStream stream(bytes.get());
  google::protobuf::io::CodedOutputStream out(&stream);
  out.WriteTag(WireFormatLite::MakeTag(v1::WatchEvent::kObjectFieldNumber,
                                       WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
  out.WriteVarint32(static_cast<uint32_t>(object->ByteSizeLong()));
  object->SerializeWithCachedSizes(&out);
  return bytes;
}

const Message* ObjectChange::Decode(const store::Version& version, std::optional<ObjectPtr>* slot) {
  if (!slot->has_value()) {
    absl::StatusOr<ObjectPtr> object = DecodeFromStore(*kinds_, version);
    slot->emplace(object.ok() ? *std::move(object) : nullptr);
  }
  return (*slot)->get();
}

const Message* ObjectChange::After() {
  return change_->deleted ? nullptr : Decode(change_->version, &after_);
}

const Message* ObjectChange::Before() {
  return change_->previous.has_value() ? Decode(*change_->previous, &before_) : nullptr;
}

std::optional<v1::WatchEvent::Type> ObjectChange::SeenBy(const schema::Matcher& matcher,
                                                         bool all_of_kind) {
  const bool before =
      all_of_kind ? had_before() : Before() != nullptr && matcher.Matches(*Before());
  const bool after =
      !change_->deleted && (all_of_kind || (After() != nullptr && matcher.Matches(*After())));
  if (after) return before ? v1::WatchEvent::MODIFIED : v1::WatchEvent::ADDED;
  if (before) return v1::WatchEvent::DELETED;
  return std::nullopt;
}

EventBytes ObjectChange::Event(v1::WatchEvent::Type type, bool more) {
  EventBytes& bytes = encoded_[{type, more}];
  if (bytes != nullptr) return bytes;
  v1::WatchEvent head;
  head.set_type(type);
  head.set_revision(revision_);
  head.set_more(more);
  const bool deleted = type == v1::WatchEvent::DELETED;
  bytes = EncodeStored(head, deleted ? *change_->previous : change_->version);
  if (bytes == nullptr) bytes = EncodeEvent(std::move(head), deleted ? Before() : After());
  return bytes;
}

}  // namespace reeve::apiserver
