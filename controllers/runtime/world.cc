#include "controllers/runtime/world.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "proto/schema/kind_registry.h"
#include "reeve/v1/options.pb.h"

namespace reeve::controllers {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using FieldPaths = std::vector<std::string>;

// Adds the paths of the indexed fields below `message`: "spec.host", "spec.domains[]".
void CollectIndexed(const Descriptor* message, const std::string& prefix, FieldPaths* paths) {
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    const std::string path = prefix + "." + std::string(field->camelcase_name());
    if (field->options().GetExtension(v1::rules).indexed())
      paths->push_back(path + (field->is_repeated() ? "[]" : ""));
    if (field->message_type() != nullptr && !field->is_repeated())
      CollectIndexed(field->message_type(), path, paths);
  }
}

// The indexed fields of each kind's spec; metadata is found by key.
std::map<std::string, FieldPaths> ReadIndexedFields() {
  std::map<std::string, FieldPaths> out;
  for (const schema::Kind& kind : schema::KindRegistry::Get().kinds()) {
    const FieldDescriptor* spec = kind.descriptor->FindFieldByName("spec");
    if (spec != nullptr) CollectIndexed(spec->message_type(), "spec", &out[kind.name]);
  }
  return out;
}

const FieldPaths& IndexedFields(const std::string& kind) {
  static const auto& fields = *new std::map<std::string, FieldPaths>(ReadIndexedFields());
  static const auto& none = *new FieldPaths();
  const auto it = fields.find(kind);
  return it == fields.end() ? none : it->second;
}

std::string IndexKey(std::string_view kind, std::string_view field, std::string_view value) {
  std::string key(kind);
  key.append(1, '\0').append(field).append(1, '\0').append(value);
  return key;
}

template <typename Map>
void Change(Map* map, const std::string& at, const ObjectKey& key, bool add) {
  if (add) {
    (*map)[at].insert(key);
    return;
  }
  const auto it = map->find(at);
  if (it == map->end()) return;
  it->second.erase(key);
  if (it->second.empty()) map->erase(it);
}

}  // namespace

Revision RevisionOf(const v1::Object& object) {
  const std::string& text = schema::Meta(object).resource_version();
  Revision revision = 0;
  std::from_chars(text.data(), text.data() + text.size(), revision);
  return revision;
}

std::optional<v1::Object> World::Put(v1::Object object) {
  const ObjectKey key = schema::KeyOf(object);
  std::optional<v1::Object> before = Remove(key);
  const auto it = objects_.emplace(key, std::move(object)).first;
  Index(it->second, true);
  return before;
}

std::optional<v1::Object> World::Remove(const ObjectKey& key) {
  const auto it = objects_.find(key);
  if (it == objects_.end()) return std::nullopt;
  Index(it->second, false);
  std::optional<v1::Object> before = std::move(it->second);
  objects_.erase(it);
  return before;
}

void World::Index(const v1::Object& object, bool add) {
  const ObjectKey key = schema::KeyOf(object);
  for (const v1::OwnerReference& owner : schema::Meta(object).owner_references()) {
    Change(&by_owner_, owner.uid(), key, add);
  }
  for (const std::string& field : IndexedFields(key.kind)) {
    for (const std::string& value : schema::ValuesAt(object, field)) {
      Change(&by_field_, IndexKey(key.kind, field, value), key, add);
    }
  }
}

const v1::Object* World::Find(const ObjectKey& key) const {
  const auto it = objects_.find(key);
  return it == objects_.end() ? nullptr : &it->second;
}

std::vector<const v1::Object*> World::All(std::string_view kind) const {
  std::vector<const v1::Object*> out;
  const ObjectKey first{std::string(kind), "", ""};
  for (auto it = objects_.lower_bound(first); it != objects_.end() && it->first.kind == kind;
       ++it) {
    out.push_back(&it->second);
  }
  return out;
}

std::vector<const v1::Object*> World::InNamespace(std::string_view kind,
                                                  std::string_view ns) const {
  std::vector<const v1::Object*> out;
  const ObjectKey first{std::string(kind), std::string(ns), ""};
  for (auto it = objects_.lower_bound(first);
       it != objects_.end() && it->first.kind == kind && it->first.ns == ns; ++it) {
    out.push_back(&it->second);
  }
  return out;
}

std::vector<const v1::Object*> World::Lookup(const Keys* keys) const {
  std::vector<const v1::Object*> out;
  if (keys == nullptr) return out;
  for (const ObjectKey& key : *keys) out.push_back(&objects_.at(key));
  return out;
}

std::vector<const v1::Object*> World::OwnedBy(std::string_view uid) const {
  const auto it = by_owner_.find(uid);
  return Lookup(it == by_owner_.end() ? nullptr : &it->second);
}

std::vector<const v1::Object*> World::Indexed(std::string_view kind, std::string_view field,
                                              std::string_view value) const {
  const auto it = by_field_.find(IndexKey(kind, field, value));
  return Lookup(it == by_field_.end() ? nullptr : &it->second);
}

void World::SetFact(const std::string& name, std::string value) { facts_[name] = std::move(value); }

const std::string* World::Fact(const std::string& name) const {
  const auto it = facts_.find(name);
  return it == facts_.end() ? nullptr : &it->second;
}

void World::SetRevision(const std::string& kind, Revision revision) { revisions_[kind] = revision; }

Revision World::RevisionOf(std::string_view kind) const {
  const auto it = revisions_.find(kind);
  return it == revisions_.end() ? 0 : it->second;
}

bool World::Caught(std::string_view kind, const v1::Object& object) const {
  return RevisionOf(kind) >= controllers::RevisionOf(object);
}

void World::SetRenewed(const std::string& lease, absl::Duration mono) { renewed_[lease] = mono; }

std::optional<absl::Duration> World::Renewed(const std::string& lease) const {
  const auto it = renewed_.find(lease);
  if (it == renewed_.end()) return std::nullopt;
  return it->second;
}

}  // namespace reeve::controllers
