// What must be unique: claim records, written in the transaction of the object that holds them.
//
// A value of a space is held in the name of a uid: that of the root of the object's controllers, or
// what the claim's holder_field says. Objects with the same holder share the record, which goes (or
// becomes a tombstone) when the last of them lets go. Example: Site default/blog (uid u1) with
// domains [a.example], and its Domain a.example:
//   c hostname 00 a.example -> {holder_uid: u1, objects: [Site default/blog, Domain
//   default/a.example]}
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apiserver/attempt.h"
#include "proto/schema/validate.h"
#include "reeve/v1/records.pb.h"

namespace reeve::apiserver {

// A value that an object claims.
struct ClaimWant {
  std::string key;    // In the store.
  std::string value;  // "a.example", "h1/20001".
  std::string path;   // Of the field that says so: "spec.domains[1]".
  bool tombstone = false;
};

// In order of the kind's claims and of the fields.
std::vector<ClaimWant> ClaimsOf(const schema::Kind& kind, const Message& object);

// The uid in whose name `object` holds `claim`; "" when it holds none.
absl::StatusOr<std::string> HolderOf(Attempt* attempt, const Message& object,
                                     const v1::Claim& claim);

// Claim records as a transaction will leave them. Thread-compatible.
class ClaimLedger {
 public:
  explicit ClaimLedger(Attempt* attempt) : attempt_(attempt) {}

  // Lets go of what `before` holds and `after` does not; either may be null. For all objects of a
  // request before TakeAdded for any of them, so that they may swap values.
  absl::Status ReleaseDropped(const Message* before, const Message* after);
  // Takes what `after` holds and `before` does not. Adds a violation for each value that somebody
  // else holds.
  absl::Status TakeAdded(const Message* before, const Message* after,
                         schema::Violations* conflicts);
  // Gives `after` a free value wherever a claim allocates and its field is unset; keeps what
  // `before` has.
  absl::Status Allocate(const Message* before, Message* after);
  // Adds the changed records to the attempt's transaction. Last of all.
  void Flush();

 private:
  struct Entry {
    std::optional<v1::ClaimRecord> record;
    Revision modified = 0;  // 0: was absent.
    bool changed = false;
  };
  struct Held {
    ClaimWant want;
    std::string holder;
  };

  static bool Contains(const std::vector<Held>& list, const Held& held);
  absl::StatusOr<Entry*> Load(const std::string& key);
  // What the first claimant itself says about who has it; "" when nothing.
  absl::StatusOr<std::string> FirstHolder(const v1::ClaimRecord& record);
  absl::StatusOr<std::vector<Held>> HeldBy(const Message* object);
  absl::Status Take(const Held& held, const Message& object, schema::Violations* conflicts);
  absl::Status Release(const Held& held, const Message& object);
  absl::StatusOr<int64_t> FreeValue(const v1::Claim& claim, const std::string& uid);
  absl::Status AllocateOne(const v1::Claim& claim, const Message* before, Message* after);

  Attempt* const attempt_;
  std::map<std::string, Entry> entries_;
};

}  // namespace reeve::apiserver
