#include "store/file_mark.h"

#include <algorithm>
#include <charconv>

#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::store {
namespace {

constexpr std::string_view kTitle = "reeve-mark 2\n";
constexpr std::string_view kTitleUnborn = "reeve-mark 1\n";

uint64_t Sum(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// Takes "name value\n" off the front of `text`; nullopt when something else is there.
std::optional<std::string> TakeLine(std::string_view name, std::string_view* text) {
  const size_t end = text->find('\n');
  if (end == std::string_view::npos || !text->starts_with(name)) return std::nullopt;
  const std::string_view line = text->substr(0, end);
  if (line.size() <= name.size() || line[name.size()] != ' ') return std::nullopt;
  text->remove_prefix(end + 1);
  return std::string(line.substr(name.size() + 1));
}

std::optional<Revision> TakeRevision(std::string_view name, std::string_view* text) {
  const std::optional<std::string> value = TakeLine(name, text);
  Revision revision = 0;
  if (!value) return std::nullopt;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), revision);
  if (error != std::errc() || end != value->data() + value->size()) return std::nullopt;
  return revision;
}

}  // namespace

std::string EncodeMark(const MarkState& state) {
  std::string text = fmt::format("{}epoch {}\ndurable {}\nceiling {}\nclean {}\n",
                                 state.born ? kTitle : kTitleUnborn, state.epoch, state.durable,
                                 state.ceiling, state.clean ? 1 : 0);
  if (state.born) text += fmt::format("born {}\n", *state.born);
  return fmt::format("{}sum {:016x}\n", text, Sum(text));
}

absl::StatusOr<MarkState> DecodeMark(std::string_view text) {
  std::string_view rest = text;
  const bool has_born = rest.starts_with(kTitle);
  if (has_born || rest.starts_with(kTitleUnborn)) rest.remove_prefix(kTitle.size());
  const auto epoch = TakeLine("epoch", &rest);
  const auto durable = TakeRevision("durable", &rest);
  const auto ceiling = TakeRevision("ceiling", &rest);
  const auto clean = TakeRevision("clean", &rest);
  const auto born = has_born ? TakeRevision("born", &rest) : std::nullopt;
  if (!epoch || !durable || !ceiling || !clean || has_born != born.has_value())
    return DataLoss("it is damaged");
  MarkState state{*epoch, *durable, *ceiling, *clean == 1, born};
  // The sum covers every byte before it, so writing the state again must give the same text.
  if (EncodeMark(state) != text) return DataLoss("its sum is wrong");
  return state;
}

absl::StatusOr<std::unique_ptr<FileMark>> FileMark::Open(std::string path,
                                                         std::shared_ptr<Disk> disk,
                                                         bool accept_copy) {
  const absl::StatusOr<Disk::File> file = disk->Read(path);
  std::optional<MarkState> found;
  if (!absl::IsNotFound(file.status())) {
    RETURN_IF_ERROR(file.status());
    absl::StatusOr<MarkState> state = DecodeMark(file->contents);
    if (!state.ok()) return Annotate(state.status(), "reading the mark " + path);
    if (state->born && file->born && *state->born != *file->born && !accept_copy) {
      return DataLoss(
          "the mark {} is a copy, so it cannot be told whether anything was written since it was "
          "made",
          path);
    }
    found = *std::move(state);
  }
  return std::unique_ptr<FileMark>(
      new FileMark(std::move(path), std::move(disk), std::move(found)));
}

FileMark::~FileMark() { Stop(); }

absl::Status FileMark::WriteDown(MarkState state) {
  return disk_->Replace(path_, [&state](Disk::Born born) {
    state.born = born;
    return EncodeMark(state);
  });
}

absl::Status FileMark::Start(const std::string& epoch, Revision durable) {
  const MarkState state{epoch, durable, durable + kRevisionsReserved, /*clean=*/false};
  RETURN_IF_ERROR(WriteDown(state));
  {
    MutexLock lock(&mu_);
    state_ = state;
    ceiling_on_disk_ = state.ceiling;
  }
  thread_ = std::make_unique<Thread>("store-mark", [this] { Run(); });
  return absl::OkStatus();
}

void FileMark::Raise(Revision durable) {
  MutexLock lock(&mu_);
  state_.durable = std::max(state_.durable, durable);
  if (state_.ceiling - state_.durable < kRevisionsReserved / 2) {
    state_.ceiling = state_.durable + kRevisionsReserved;
  }
  dirty_ = true;
  changed_.Signal();
}

Revision FileMark::ceiling() const {
  MutexLock lock(&mu_);
  return ceiling_on_disk_;
}

void FileMark::Run() {
  MarkState state;
  while (NextToWrite(&state)) Written(state, WriteDown(state));
}

bool FileMark::NextToWrite(MarkState* state) {
  MutexLock lock(&mu_);
  while (!dirty_ && !stopping_) changed_.Wait(&mu_);
  if (stopping_) return false;
  dirty_ = false;
  *state = state_;
  return true;
}

void FileMark::Written(const MarkState& state, const absl::Status& status) {
  if (!status.ok())
    Log(LogLevel::kError, "the store's mark was not written", {{"error", Message(status)}});
  MutexLock lock(&mu_);
  if (status.ok()) ceiling_on_disk_ = state.ceiling;
  dirty_ = dirty_ || !status.ok();
  if (!stopping_) stopped_.WaitFor(&mu_, absl::ToChronoNanoseconds(kMarkPeriod));
}

void FileMark::Stop() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
  }
  changed_.SignalAll();
  stopped_.SignalAll();
  thread_.reset();
}

void FileMark::Close(Revision durable) {
  Stop();
  MutexLock lock(&mu_);
  const MarkState state{state_.epoch, durable, durable, /*clean=*/true};
  const absl::Status status = WriteDown(state);
  if (!status.ok()) {
    Log(LogLevel::kError, "the store's mark was not closed", {{"error", Message(status)}});
  }
}

}  // namespace reeve::store
