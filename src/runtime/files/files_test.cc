#include <gtest/gtest.h>
#include <sys/stat.h>

#include "runtime/files/private_file.h"
#include "runtime/files/signing_key.h"
#include "testkit/temp_dir.h"

namespace imece::runtime {
namespace {

unsigned mode_of(const std::filesystem::path& path) {
    struct stat info{};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777;
}

template <class T>
std::string_view reason_of(const Result<T>& result) {
    return result ? "" : result.error().reason;
}

TEST(PrivateFile, is_private_and_replaced_as_a_whole) {
    const testkit::TempDir directory;
    const auto path = directory.path() / "deep" / "er" / "file";
    ASSERT_TRUE(make_private_directory(path.parent_path()));
    EXPECT_EQ(mode_of(path.parent_path()), 0700u);
    EXPECT_EQ(read_private_file(path).value(), std::nullopt);
    ASSERT_TRUE(write_private_file(path, std::string("a longer text\0", 14)));
    ASSERT_TRUE(write_private_file(path, "short"));
    EXPECT_EQ(read_private_file(path).value(), "short");
    EXPECT_EQ(mode_of(path), 0600u);
    EXPECT_EQ(reason_of(write_private_file(directory.path() / "no" / "file", "x")), "STORE_DOWN");
    EXPECT_EQ(reason_of(read_private_file(directory.path())), "STORE_DOWN");
    EXPECT_EQ(reason_of(make_private_directory(path / "under a file")), "STORE_DOWN");
}

TEST(SigningKeyFile, is_made_once_and_never_replaced) {
    const testkit::TempDir directory;
    const auto path = directory.path() / "a.key";
    SystemRandom random;
    const auto first = open_signing_key(path, random);
    ASSERT_TRUE(first);
    EXPECT_EQ(mode_of(path), 0600u);
    EXPECT_EQ(open_signing_key(path, random)->public_key(), first->public_key());
    ASSERT_TRUE(write_private_file(path, "damaged"));
    EXPECT_EQ(reason_of(open_signing_key(path, random)), "DATA_MALFORMED");
    EXPECT_EQ(read_private_file(path).value(), "damaged");
}

}  // namespace
}  // namespace imece::runtime
