#include "agents/undo_journal.h"

#include <optional>
#include <string_view>

#include "base/sha256.h"
#include "base/status.h"

namespace reeve::agents {
namespace {

constexpr std::string_view kFile = "journal";
constexpr uint32_t kMode = 0600;
constexpr uint64_t kBytesMax = 64 << 20;
constexpr size_t kLengthBytes = 4;
constexpr size_t kCheckBytes = 16;  // 8 bytes of the hash, in hex.
constexpr size_t kHeaderBytes = kLengthBytes + kCheckBytes;
// Emptied as soon as nothing is open and it has grown to this.
constexpr uint64_t kRewriteBytes = 256 << 10;

std::string Encode(const pb::JournalRecord& record) {
  const std::string payload = record.SerializeAsString();
  std::string bytes;
  for (size_t i = 0; i < kLengthBytes; ++i) bytes += static_cast<char>(payload.size() >> (8 * i));
  return bytes + Sha256Hex(payload).substr(0, kCheckBytes) + payload;
}

// Takes the first record off `bytes`; nullopt when it is torn.
std::optional<pb::JournalRecord> Decode(std::string_view* bytes) {
  if (bytes->size() < kHeaderBytes) return std::nullopt;
  size_t size = 0;
  for (size_t i = 0; i < kLengthBytes; ++i)
    size |= static_cast<size_t>(static_cast<unsigned char>((*bytes)[i])) << (8 * i);
  if (bytes->size() - kHeaderBytes < size) return std::nullopt;
  const std::string_view payload = bytes->substr(kHeaderBytes, size);
  if (bytes->substr(kLengthBytes, kCheckBytes) !=
      std::string_view(Sha256Hex(payload)).substr(0, kCheckBytes))
    return std::nullopt;
  pb::JournalRecord record;
  if (!record.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return std::nullopt;
  bytes->remove_prefix(kHeaderBytes + size);
  return record;
}

void Replay(const pb::JournalRecord& record,
            std::map<std::string, std::vector<UndoJournal::Intent>>* open) {
  switch (record.what_case()) {
    case pb::JournalRecord::kIntent:
      (*open)[record.intent().lane()].push_back(record.intent());
      return;
    case pb::JournalRecord::kLaneDone:
      open->erase(record.lane_done());
      return;
    case pb::JournalRecord::kLaneUndone:
      open->erase(record.lane_undone());
      return;
    case pb::JournalRecord::WHAT_NOT_SET:
      return;
  }
}

}  // namespace

absl::Status UndoJournal::Load(Root* root) {
  root_ = root;
  const absl::StatusOr<std::string> bytes = root->Read(kFile, kBytesMax);
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  RETURN_IF_ERROR(Annotate(bytes.status(), "reading the journal"));
  exists_ = true;
  bytes_ = bytes->size();
  std::string_view rest = *bytes;
  while (!rest.empty()) {
    const std::optional<pb::JournalRecord> record = Decode(&rest);
    if (!record) {
      torn_ = true;
      break;
    }
    Replay(*record, &open_);
  }
  return absl::OkStatus();
}

absl::Status UndoJournal::Rewrite() {
  std::string bytes;
  for (const auto& [lane, intents] : open_) {
    for (const Intent& intent : intents) {
      pb::JournalRecord record;
      *record.mutable_intent() = intent;
      bytes += Encode(record);
    }
  }
  RETURN_IF_ERROR(Annotate(ReplaceFile(*root_, kFile, bytes, kMode), "writing the journal"));
  bytes_ = bytes.size();
  exists_ = true;
  torn_ = false;
  return absl::OkStatus();
}

absl::Status UndoJournal::Append(const pb::JournalRecord& record) {
  if (!exists_ || torn_) RETURN_IF_ERROR(Rewrite());
  const std::string bytes = Encode(record);
  torn_ = true;  // Until it is known to be whole.
  RETURN_IF_ERROR(Annotate(root_->Append(kFile, bytes), "writing the journal"));
  RETURN_IF_ERROR(Annotate(root_->Sync(kFile), "writing the journal"));
  torn_ = false;
  bytes_ += bytes.size();
  return absl::OkStatus();
}

absl::Status UndoJournal::Begin(const std::string& lane, const pb::Step& step,
                                const pb::Receipt& receipt) {
  pb::JournalRecord record;
  record.mutable_intent()->set_lane(lane);
  *record.mutable_intent()->mutable_step() = step;
  *record.mutable_intent()->mutable_receipt() = receipt;
  RETURN_IF_ERROR(Append(record));
  open_[lane].push_back(record.intent());
  return absl::OkStatus();
}

absl::Status UndoJournal::Close(const std::string& lane, bool done) {
  if (!open_.contains(lane)) return absl::OkStatus();
  pb::JournalRecord record;
  done ? record.set_lane_done(lane) : record.set_lane_undone(lane);
  RETURN_IF_ERROR(Append(record));
  open_.erase(lane);
  return open_.empty() && bytes_ > kRewriteBytes ? Rewrite() : absl::OkStatus();
}

}  // namespace reeve::agents
