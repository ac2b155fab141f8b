#include "apiserver/object_index.h"

#include <algorithm>
#include <set>
#include <utility>

#include "apiserver/fields.h"
#include "apiserver/object_io.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

// Those that are not part of the key already.
std::vector<std::string> FieldsOf(const schema::Kind& kind) {
  std::vector<std::string> fields = IndexedFields(kind.descriptor);
  std::erase_if(fields, [](const std::string& field) { return field.starts_with("metadata."); });
  return fields;
}

// Where what `matcher` selects must be: one key, if it pins the whole name; those that begin alike,
// if it pins the beginning.
KeyRange RangeOf(const schema::Matcher& matcher) {
  const schema::Kind& kind = matcher.kind();
  const std::string ns = kind.namespaced() ? matcher.ns() : "";
  const std::string name = matcher.RequiredField("metadata.name");
  const std::string prefix = matcher.NamePrefix();
  if (kind.namespaced() && ns.empty()) return ObjectRange(kind, ns);
  if (name.empty() && prefix.empty()) return ObjectRange(kind, ns);
  if (name.empty()) return NamePrefixRange(kind, ns, prefix);
  const std::string key = ObjectStoreKey(kind, ns, name);
  return {key, key + '\0'};
}

}  // namespace

absl::Status Candidates::Visit(const std::string& from,
                               const std::function<bool(const store::Version&)>& visit) const {
  const std::string& first = std::max(from, range.first);
  if (!keys.has_value()) return view->Scan(first, range.last, visit);
  for (auto key = std::ranges::lower_bound(*keys, first); key != keys->end() && *key < range.last;
       ++key) {
    ASSIGN_OR_RETURN(const std::optional<store::Version> version, view->Get(*key));
    if (version.has_value() && !visit(*version)) return absl::OkStatus();
  }
  return absl::OkStatus();
}

// The index of one kind. Thread-compatible.
class ObjectIndex::OfKind {
 public:
  OfKind(const schema::KindRegistry* kinds, const schema::Kind& kind)
      : kinds_(kinds), fields_(FieldsOf(kind)), range_(ObjectRange(kind, "")) {}

  // Brings it to the revision of `view`, which never becomes less.
  absl::Status BringTo(store::Store* store, const store::ReadView& view) {
    if (watcher_ != nullptr && ReadOn(view.revision()).ok()) return absl::OkStatus();
    // New, or so far behind that the changes are gone.
    watcher_ = nullptr;
    ahead_.reset();
    keys_.clear();
    absl::Status taken;
    RETURN_IF_ERROR(view.Scan(range_.first, range_.last, [&](const store::Version& version) {
      taken = Take(version, /*add=*/true);
      return taken.ok();
    }));
    RETURN_IF_ERROR(taken);
    ASSIGN_OR_RETURN(watcher_, store->Watch(range_.first, range_.last, view.revision(), [] {}));
    return absl::OkStatus();
  }

  std::vector<std::string> Keys(const std::string& field, const std::string& value) const {
    const auto found = keys_.find({field, value});
    if (found == keys_.end()) return {};
    return {found->second.begin(), found->second.end()};
  }

 private:
  absl::Status ReadOn(Revision upto) {
    for (;;) {
      if (!ahead_.has_value()) {
        ASSIGN_OR_RETURN(ahead_, watcher_->Next());
      }
      if (!ahead_.has_value() || ahead_->revision > upto) return absl::OkStatus();
      for (const store::Change& change : ahead_->changes) {
        if (change.previous.has_value()) RETURN_IF_ERROR(Take(*change.previous, /*add=*/false));
        if (!change.deleted) RETURN_IF_ERROR(Take(change.version, /*add=*/true));
      }
      ahead_.reset();
    }
  }

  absl::Status Take(const store::Version& version, bool add) {
    ASSIGN_OR_RETURN(const ObjectPtr object, DecodeFromStore(*kinds_, version));
    for (const std::string& field : fields_) {
      const std::pair<std::string, std::string> place(field, schema::ValueAt(*object, field));
      if (add) {
        keys_[place].insert(version.key);
      } else if (const auto found = keys_.find(place); found != keys_.end()) {
        found->second.erase(version.key);
        if (found->second.empty()) keys_.erase(found);
      }
    }
    return absl::OkStatus();
  }

  const schema::KindRegistry* const kinds_;
  const std::vector<std::string> fields_;
  const KeyRange range_;
  std::unique_ptr<store::Watcher> watcher_;
  std::optional<store::Batch> ahead_;  // The first change that is not in it yet.
  std::map<std::pair<std::string, std::string>, std::set<std::string>>
      keys_;  // By field and value.
};

ObjectIndex::ObjectIndex(store::Store* store, const schema::KindRegistry* kinds)
    : store_(store), kinds_(kinds) {}

ObjectIndex::~ObjectIndex() = default;

// The view is taken under the lock, so that no index has to go back.
absl::Status ObjectIndex::Look(const schema::Kind& kind, const std::string& field,
                               const std::string& value, Candidates* found) {
  MutexLock lock(&mu_);
  std::unique_ptr<OfKind>& index = kinds_known_[kind.id];
  if (index == nullptr) index = std::make_unique<OfKind>(kinds_, kind);
  ASSIGN_OR_RETURN(found->view, store_->Read());
  RETURN_IF_ERROR(index->BringTo(store_, *found->view));
  found->keys = index->Keys(field, value);
  return absl::OkStatus();
}

absl::StatusOr<Candidates> ObjectIndex::Find(const schema::Matcher& matcher, Revision at) {
  Candidates found{.view = nullptr, .range = RangeOf(matcher), .keys = std::nullopt};
  for (const std::string& field : at == 0 ? FieldsOf(matcher.kind()) : std::vector<std::string>()) {
    const std::string value = matcher.RequiredField(field);
    if (value.empty()) continue;
    RETURN_IF_ERROR(Look(matcher.kind(), field, value, &found));
    return found;
  }
  ASSIGN_OR_RETURN(found.view, store_->Read(at));
  return found;
}

}  // namespace reeve::apiserver
