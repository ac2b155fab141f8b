#include "store/file_mark.h"

#include <gmock/gmock.h>

#include "base/clock.h"
#include "base/durable_file.h"
#include "base/testing/status_matchers.h"
#include "store/testing/temp_dir.h"

namespace reeve::store {
namespace {

MarkState OnDisk(const std::string& path) {
  const auto text = ReadFile(path);
  EXPECT_OK(text);
  const auto state = DecodeMark(text.ok() ? *text : "");
  EXPECT_OK(state);
  return state.ok() ? *state : MarkState{};
}

TEST(FileMarkTest, EveryChangedByteIsNoticed) {
  const std::string text = EncodeMark({"e1", 7, 10007, false, 42});
  ASSERT_OK_AND_ASSIGN(const MarkState state, DecodeMark(text));
  EXPECT_EQ(state.epoch, "e1");
  EXPECT_EQ(state.durable, 7);
  EXPECT_EQ(state.ceiling, 10007);
  EXPECT_EQ(state.born, 42);
  for (size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_THAT(DecodeMark(damaged), IsError(absl::StatusCode::kDataLoss, "")) << i;
    EXPECT_THAT(DecodeMark(text.substr(0, i)), IsError(absl::StatusCode::kDataLoss, "")) << i;
  }
}

TEST(FileMarkTest, IsWrittenBehindTheCommitsAndClosedClean) {
  const TempDir dir;
  const std::string path = dir / "mark";
  {
    ASSERT_OK_AND_ASSIGN(const auto mark, FileMark::Open(path));
    EXPECT_EQ(mark->found(), std::nullopt);
    ASSERT_OK(mark->Start("e1", 5));
    EXPECT_EQ(OnDisk(path).durable, 5);
    EXPECT_FALSE(OnDisk(path).clean);
    EXPECT_EQ(mark->ceiling(), 5 + kRevisionsReserved);
    mark->Raise(kRevisionsReserved);
    const absl::Duration deadline = RealClock()->Read().mono + absl::Seconds(30);
    while (mark->ceiling() < 2 * kRevisionsReserved && RealClock()->Read().mono < deadline) {
    }
    EXPECT_EQ(OnDisk(path).durable, kRevisionsReserved);
    EXPECT_EQ(OnDisk(path).ceiling, 2 * kRevisionsReserved);
    mark->Close(kRevisionsReserved + 1);
  }
  ASSERT_OK_AND_ASSIGN(const auto again, FileMark::Open(path));
  EXPECT_EQ(again->found()->durable, kRevisionsReserved + 1);
  EXPECT_TRUE(again->found()->clean);
}

}  // namespace
}  // namespace reeve::store
