#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "runtime/files/certificate.h"
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

TEST(Certificate, ends_when_it_says) {
    constexpr const char* kPem =
        "-----BEGIN CERTIFICATE-----\n"
        "MIIBbjCCAROgAwIBAgIURalSh6372Z1nXNPj/ZhwXB8FRkowCgYIKoZIzj0EAwIw\n"
        "DDEKMAgGA1UEAwwBYTAeFw0yNjExMjcwNjQ5MTNaFw0zNjExMjQwNjQ5MTNaMAwx\n"
        "CjAIBgNVBAMMAWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASuwdH6D7estAy1\n"
        "hLw8SGX17nvihiX46F2EEQQSjOF7cOlwrHQZDeF8o8nkFHtS/1Oy412tQtDr7q+2\n"
        "nDBofXpVo1MwUTAdBgNVHQ4EFgQUGedBXnKZSQQwEWZmQb7Mer/3MBYwHwYDVR0j\n"
        "BBgwFoAUGedBXnKZSQQwEWZmQb7Mer/3MBYwDwYDVR0TAQH/BAUwAwEB/zAKBggq\n"
        "hkjOPQQDAgNJADBGAiEAgmM2OYOWkoTXwV+A5zpKt5kK9cL5ughAio0jIjXPrHcC\n"
        "IQCzbw9//DCRizZdNgymFeMcDwe/kYqjC91n5399B6e+jA==\n"
        "-----END CERTIFICATE-----\n";
    const testkit::TempDir directory;
    const auto path = directory.path() / "a.crt";
    EXPECT_EQ(reason_of(certificate_validity(path)), "CONFIG_INVALID");
    std::ofstream(path) << "no certificate";
    EXPECT_EQ(reason_of(certificate_validity(path)), "CONFIG_INVALID");
    std::ofstream(path) << kPem;
    const Validity validity = certificate_validity(path).value();
    EXPECT_EQ(validity.begin, TimePoint(std::chrono::seconds(1795762153)));
    EXPECT_EQ(validity.end, TimePoint(std::chrono::seconds(2111122153)));
}

}  // namespace
}  // namespace imece::runtime
