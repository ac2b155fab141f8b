#include "controllers/namespace/contents.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"
#include "client/conditions.h"
#include "client/finalizers.h"
#include "controllers/runtime/objects.h"
#include "proto/schema/kind_registry.h"

namespace reeve::controllers {
namespace {

bool IsOwned(const World& world, const v1::Object& object) {
  const auto& references = schema::Meta(object).owner_references();
  return std::any_of(
      references.begin(), references.end(), [&](const v1::OwnerReference& reference) {
        const v1::Object* owner =
            world.Find({reference.kind(), schema::Meta(object).namespace_(), reference.name()});
        return owner != nullptr && schema::Meta(*owner).uid() == reference.uid();
      });
}

// What the object says it waits for; nullptr when it says nothing. Released is about nothing else.
const v1::Condition* WaitOf(const v1::Object& object) {
  const auto* conditions = schema::Conditions(object);
  if (conditions == nullptr || !client::IsDeleting(schema::Meta(object))) return nullptr;
  const v1::Condition* released = client::FindCondition(*conditions, client::kReleased);
  return released != nullptr ? released : client::FindCondition(*conditions, client::kReady);
}

// An owner waits for its dependents: those say why. 0: it says nothing.
int Says(const v1::Object* object) {
  const v1::Condition* wait = object == nullptr ? nullptr : WaitOf(*object);
  if (wait == nullptr || wait->status() == v1::Condition::True) return 0;
  if (wait->type() == client::kReleased) return 3;
  return schema::Meta(*object).owner_references().empty() ? 1 : 2;
}

}  // namespace

Contents LookInto(const World& world, std::string_view ns) {
  Contents contents;
  for (const schema::Kind& kind : schema::KindRegistry::Get().kinds()) {
    if (!kind.namespaced() || kind.descriptor == v1::Event::descriptor()) continue;
    const std::vector<const v1::Object*> objects = world.InNamespace(kind.name, ns);
    if (!objects.empty()) contents.counts[kind.name] = static_cast<int64_t>(objects.size());
    for (const v1::Object* object : objects) {
      if (!IsOwned(world, *object)) contents.roots.push_back(object);
      for (const std::string& finalizer : schema::Meta(*object).finalizers())
        ++contents.finalizers[finalizer];
      if (Says(object) > Says(contents.blocker)) contents.blocker = object;
    }
  }
  return contents;
}

std::string Describe(const Contents& contents) {
  std::vector<std::string> counts;
  for (const auto& [name, count] : contents.counts) {
    const schema::Kind& kind = *schema::KindRegistry::Get().FindByName(name);
    counts.push_back(fmt::format("{} {}", count, count == 1 ? kind.singular : kind.plural));
  }
  std::string text = Join(counts, ", ") + " remain";
  if (contents.blocker == nullptr) return text;
  return text + fmt::format("; {}: {}", ToString(schema::KeyOf(*contents.blocker)),
                            WaitOf(*contents.blocker)->message());
}

std::string DescribeKinds(const Contents& contents) {
  std::vector<std::string> texts;
  for (const auto& [name, count] : contents.counts) {
    const schema::Kind& kind = *schema::KindRegistry::Get().FindByName(name);
    texts.push_back(fmt::format("{} has {} resource instances", kind.plural, count));
  }
  return Join(texts, ", ");
}

std::string DescribeFinalizers(const Contents& contents) {
  std::vector<std::string> texts;
  for (const auto& [finalizer, count] : contents.finalizers)
    texts.push_back(fmt::format("{} in {} resource instances", finalizer, count));
  return Join(texts, ", ");
}

}  // namespace reeve::controllers
