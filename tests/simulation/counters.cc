#include "tests/simulation/counters.h"

#include <absl/strings/numbers.h>

#include "proto/schema/object.h"

namespace reeve::simulation {
namespace {

constexpr int kCounters = 3;
constexpr absl::Duration kPause = absl::Seconds(5);
constexpr absl::Duration kThought = absl::Seconds(2);
constexpr char kAnnotation[] = "example.test/count";

int64_t CountOf(const v1::Object& object) {
  const auto& annotations = schema::Meta(object).annotations();
  const auto found = annotations.find(kAnnotation);
  int64_t count = 0;
  return found != annotations.end() && absl::SimpleAtoi(found->second, &count) ? count : 0;
}

}  // namespace

ObjectKey Counters::Key() { return {"Namespace", "", "default"}; }

void Counters::Start() {
  running_ = true;
  for (int i = 0; i < kCounters; ++i) Next();
}

void Counters::Next() {
  kernel_->After(chance_.Upto(kPause), [this] {
    if (!running_) return;
    auto object = client_->Get(Key());
    if (!object.ok()) return Next();
    kernel_->After(chance_.Upto(kThought), [this, object = *std::move(object)] { Write(object); });
  });
}

void Counters::Write(v1::Object object) {
  const std::string next = fmt::format("{}", CountOf(object) + 1);
  (*schema::MutableMeta(&object)->mutable_annotations())[kAnnotation] = next;
  v1::UpdateRequest request;
  *request.mutable_object() = std::move(object);
  const absl::Status status = client_->Update(request).status();
  acknowledged_ += status.ok() ? 1 : 0;
  unknown_ += absl::IsUnavailable(status) ? 1 : 0;
  kernel_->Trace(fmt::format("a user counts {}: {}", next, status.ToString()));
  Next();
}

std::string Counters::Check(const v1::Object* counted) const {
  const int64_t count = counted == nullptr ? 0 : CountOf(*counted);
  if (count >= acknowledged_ && count <= acknowledged_ + unknown_) return "";
  return fmt::format("counted to {} with {} acknowledged steps and {} unknown ones", count,
                     acknowledged_, unknown_);
}

}  // namespace reeve::simulation
