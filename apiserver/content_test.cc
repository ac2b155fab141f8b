#include "apiserver/content.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "apiserver/pki.h"
#include "apiserver/testing/registry_fixture.h"
#include "apiserver/testing/tar.h"
#include "base/sha256.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

using Code = absl::StatusCode;
using Type = TarEntry::Type;

class ContentTest : public RegistryTest {
 protected:
  ContentTest() : dir_(::testing::TempDir() + "/content-" + RandomBase32(8)) {
    absl::StatusOr<std::unique_ptr<BlobStore>> blobs = BlobStore::Open(dir_);
    EXPECT_TRUE(blobs.ok()) << blobs.status();
    blobs_ = *std::move(blobs);
    content_ = std::make_unique<ContentStore>(&registry_, blobs_.get());
  }
  ~ContentTest() override { std::filesystem::remove_all(dir_); }

  absl::StatusOr<v1::Blob> Put(const std::string& bytes, const std::string& digest = "",
                               const Identity& who = Identity::Admin()) {
    ASSIGN_OR_RETURN(const std::unique_ptr<BlobUpload> upload, content_->Begin(who));
    // In two pieces.
    RETURN_IF_ERROR(upload->Append(bytes.substr(0, bytes.size() / 2)));
    RETURN_IF_ERROR(upload->Append(bytes.substr(bytes.size() / 2)));
    return content_->Finish(upload.get(), "default", digest, "test");
  }
  absl::StatusOr<std::string> Get(const std::string& digest,
                                  const Identity& who = Identity::Admin()) {
    ASSIGN_OR_RETURN(const std::unique_ptr<BlobReader> reader,
                     content_->Read(who, "default", digest));
    std::string all;
    for (;;) {
      ASSIGN_OR_RETURN(const std::string piece, reader->Next());
      if (piece.empty()) return all;
      all += piece;
    }
  }
  size_t FilesOnDisk() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir_)) ++count;
    return count;
  }

  const std::string dir_;
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<ContentStore> content_;
};

TEST_F(ContentTest, WhatWasPutIsGot) {
  const std::string tar =
      MakeTar({{"site", "", Type::kDirectory}, {"site/index.html", "hello"}, {"./b", "x"}});
  const absl::StatusOr<v1::Blob> blob = Put(tar);
  ASSERT_TRUE(blob.ok()) << blob.status();
  EXPECT_EQ(blob->metadata().name(), "sha256-" + Sha256Hex(tar));
  EXPECT_EQ(blob->spec().files(), 2);
  EXPECT_EQ(blob->spec().size_bytes(), static_cast<int64_t>(tar.size()));
  EXPECT_EQ(*Get(blob->metadata().name()), tar);
  // Again is no error, and makes nothing.
  EXPECT_EQ(Put(tar, blob->metadata().name())->metadata().uid(), blob->metadata().uid());
  EXPECT_EQ(FilesOnDisk(), 1u);
}

TEST_F(ContentTest, OtherBytesThanAnnounced) {
  const std::string other = "sha256-" + std::string(64, '0');
  EXPECT_THAT(Put(MakeTar({{"a", "b"}}), other),
              IsError(Code::kInvalidArgument, "digest: the bytes that came are"));
  EXPECT_EQ(FilesOnDisk(), 0u);
}

// Whatever locale the server was started in.
TEST_F(ContentTest, NamesAreUtf8) {
  EXPECT_OK(
      Put(MakeTar({{"gr\u00f6\u00dfe.txt", "x"}, {"a", "", Type::kDirectory}, {"a/b", "y"}})));
}

TEST_F(ContentTest, OnlyPlainFilesInTheirPlace) {
  const std::vector<std::pair<std::vector<TarEntry>, std::string>> bad = {
      {{{"../other/index.html", "x"}}, "leaves its directory"},
      {{{"a/../../b", "x"}}, "leaves its directory"},
      {{{"/etc/passwd", "x"}}, "absolute"},
      {{{"link", "/etc/passwd", Type::kSymlink}}, "neither a regular file nor a directory"},
      {{{"a", "x"}, {"b", "a", Type::kHardlink}}, "neither a regular file nor a directory"},
      {{{"pipe", "", Type::kFifo}}, "neither a regular file nor a directory"},
      {{{"a", "x"}, {"./a", "y"}}, "is there twice"},
      {{{"a/b", "x"}, {"a/b/c", "y"}}, "is below a file"},
      {{{"a/b", "x"}, {"a", "y"}}, "is there twice"},
      {{{std::string(256, 'a'), "x"}}, "has too long a name"},
      {{{"a\nb", "x"}}, "entry \"a\\nb\" has no printable name"},
  };
  for (const auto& [entries, why] : bad)
    EXPECT_THAT(Put(MakeTar(entries)), IsError(Code::kInvalidArgument, why));
  EXPECT_EQ(Put("this is no tar").status().code(), Code::kInvalidArgument);
  const std::string tar = MakeTar({{"a", std::string(5000, 'x')}});
  EXPECT_EQ(Put(tar.substr(0, 3000)).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(FilesOnDisk(), 0u);
}

TEST_F(ContentTest, AHostGetsWhatItsWorksName) {
  const std::string tar = MakeTar({{"a", "b"}});
  const std::string digest = Put(tar)->metadata().name();
  const Identity h1 = Identity::Host("h1", "uid-1");
  Create(MakeHost("h1"));
  EXPECT_EQ(Get(digest, h1).status(), NotFound("blobs \"{}\" not found", digest));
  v1::Object work = MakeWork("theirs", "h2");
  v1::Artifact* artifact = work.mutable_work()->mutable_spec()->add_artifacts();
  artifact->set_id("content");
  artifact->mutable_unpack()->set_dir("site");
  artifact->mutable_unpack()->set_blob(digest);
  Create(work);
  EXPECT_EQ(Get(digest, h1).status().code(), Code::kNotFound);
  work.mutable_work()->mutable_metadata()->set_name("mine");
  work.mutable_work()->mutable_spec()->set_host("h1");
  Create(work);
  EXPECT_EQ(*Get(digest, h1), tar);
  EXPECT_EQ(Put(tar, "", h1).status().code(), Code::kPermissionDenied);
}

TEST_F(ContentTest, ABlobThatIsNotThere) {
  EXPECT_EQ(Get("sha256-" + std::string(64, '0')).status().code(), Code::kNotFound);
  EXPECT_EQ(blobs_->Read("../../etc/passwd").status().code(), Code::kInvalidArgument);
}

TEST_F(ContentTest, WhatAnInterruptedUploadLeftIsSwept) {
  {
    const auto upload = *content_->Begin(Identity::Admin());
    ASSERT_TRUE(upload->Append("half").ok());
    EXPECT_EQ(FilesOnDisk(), 1u);
  }
  EXPECT_EQ(FilesOnDisk(), 0u);
}

}  // namespace
}  // namespace reeve::apiserver
