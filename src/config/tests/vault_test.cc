// The sealing key: its file, its passphrase, its rotation; and secrets through all of that.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "config/adapters/vault/key_file_sealer.h"
#include "config/app/secrets.h"
#include "config/tests/config_store_contract.h"
#include "config/tests/memory_config_store.h"
#include "testkit/fake_clock.h"
#include "testkit/temp_dir.h"

namespace imece::config {
namespace {

constexpr const char* kPassphrase = "kar yagiyor bugun";

class Vault : public testing::Test {
protected:
    std::unique_ptr<KeyFileSealer> open(const std::string& passphrase = "") {
        auto sealer = open_key_file(file_, passphrase, random_);
        EXPECT_TRUE(sealer) << (sealer ? "" : sealer.error().message);
        return *std::move(sealer);
    }
    std::string bytes() const {
        std::ifstream in(file_, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    testkit::TempDir dir_;
    std::filesystem::path file_ = dir_.path() / "sealing.key";
    SystemRandom random_;
};

TEST_F(Vault, makes_a_private_key_file_that_opens_after_a_restart) {
    const Bytes sealed = *open()->seal("sms", "token");
    struct stat info{};
    ASSERT_EQ(::stat(file_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    EXPECT_EQ(open()->open("sms", sealed), "token");
    EXPECT_EQ(open()->state(), KeyFile::kOpen);
    EXPECT_EQ(reason_of(open()->open("mail", sealed)), "DATA_MALFORMED");
}

TEST_F(Vault, a_passphrase_seals_the_file_from_when_it_comes) {
    const Bytes sealed = *open()->seal("sms", "token");
    const std::string unsealed_file = bytes();
    EXPECT_EQ(open(kPassphrase)->state(), KeyFile::kSealed);
    // The key itself: behind version, mark, salt, size and their like.
    EXPECT_EQ(bytes().find(unsealed_file.substr(unsealed_file.size() - 32)), std::string::npos);
    EXPECT_EQ(open(kPassphrase)->open("sms", sealed), "token");
}

TEST_F(Vault, is_locked_without_its_passphrase_and_keeps_its_file) {
    const Bytes sealed = *open(kPassphrase)->seal("sms", "token");
    const std::string before = bytes();
    for (const char* wrong : {"", "kar yagiyor"}) {
        const auto locked = open(wrong);
        EXPECT_EQ(locked->state(), KeyFile::kLocked);
        EXPECT_EQ(reason_of(locked->seal("sms", "token")), "SEALING_KEY_LOCKED");
        EXPECT_EQ(reason_of(locked->open("sms", sealed)), "SEALING_KEY_LOCKED");
        EXPECT_EQ(reason_of(locked->add_key()), "SEALING_KEY_LOCKED");
        EXPECT_FALSE(locked->has_old_keys());
    }
    EXPECT_EQ(bytes(), before);
    EXPECT_EQ(open(kPassphrase)->open("sms", sealed), "token");
}

TEST_F(Vault, a_damaged_file_is_refused_and_kept) {
    open();
    const std::string good = bytes();
    for (const std::string& bad : {std::string(), good.substr(1), good + "x", std::string("key")}) {
        std::ofstream(file_, std::ios::binary | std::ios::trunc) << bad;
        const auto opened = open_key_file(file_, "", random_);
        EXPECT_EQ(reason_of(opened), "DATA_MALFORMED");
        EXPECT_EQ(bytes(), bad);
    }
}

TEST_F(Vault, old_keys_open_until_they_are_dropped) {
    const Bytes old = *open()->seal("sms", "token");
    ASSERT_TRUE(open()->add_key());
    auto sealer = open();
    EXPECT_TRUE(sealer->has_old_keys());
    EXPECT_EQ(sealer->open("sms", old), "token");
    const Bytes fresh = *sealer->seal("sms", "token");
    ASSERT_TRUE(sealer->drop_old_keys());
    sealer = open();
    EXPECT_FALSE(sealer->has_old_keys());
    EXPECT_EQ(sealer->open("sms", fresh), "token");
    EXPECT_EQ(reason_of(sealer->open("sms", old)), "DATA_MALFORMED");
}

class Secrets : public Vault {
protected:
    void SetUp() override { sealer_ = open(); }
    KeepSecrets secrets() { return KeepSecrets({store_, *sealer_, {clock_, random_}}); }

    testkit::FakeClock clock_;
    std::shared_ptr<MemoryState> state_ = std::make_shared<MemoryState>();
    MemoryConfigStore store_{state_};
    std::unique_ptr<KeyFileSealer> sealer_;
    Caller caller_{.actor = "user:ayse", .trace_parent = ""};
};

TEST_F(Secrets, rest_sealed_and_open_for_who_may) {
    ASSERT_TRUE(secrets().set(caller_, "sms", "token", 0));
    const Bytes sealed = store_.find_secret("sms")->sealed;
    EXPECT_EQ(text_of(sealed).find("token"), std::string_view::npos);
    const auto opened = secrets().open("sms");
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->value, "token");
    EXPECT_EQ(opened->revision, 1u);
    EXPECT_EQ(reason_of(secrets().open("mail")), "SECRET_UNKNOWN");
    ASSERT_TRUE(secrets().erase(caller_, "sms", 1));
    EXPECT_EQ(reason_of(secrets().open("sms")), "SECRET_UNKNOWN");
}

TEST_F(Secrets, a_rotation_reseals_all_and_is_told_with_who_asked) {
    ASSERT_TRUE(secrets().set(caller_, "sms", "token", 0));
    ASSERT_TRUE(secrets().set(caller_, "mail", "password", 0));
    const Bytes before = store_.find_secret("sms")->sealed;
    EXPECT_EQ(secrets().rotate_key(caller_), 2u);
    EXPECT_EQ(secrets().open("sms")->value, "token");
    EXPECT_EQ(secrets().open("mail")->value, "password");
    EXPECT_EQ(reason_of(sealer_->open("sms", before)), "DATA_MALFORMED");
    EXPECT_EQ(state_->changes.back().kind, ChangeKind::kSealingKeyRotated);
    EXPECT_EQ(state_->changes.back().actor, "user:ayse");
}

/// As the store is when the process dies right after a step of a rotation.
TEST_F(Secrets, a_rotation_that_was_cut_off_ends_at_the_next_start) {
    ASSERT_TRUE(secrets().set(caller_, "sms", "token", 0));
    ASSERT_TRUE(sealer_->add_key());
    sealer_ = open();
    EXPECT_EQ(secrets().open("sms")->value, "token");
    ASSERT_TRUE(secrets().end_rotation());
    EXPECT_FALSE(sealer_->has_old_keys());
    EXPECT_EQ(secrets().open("sms")->value, "token");
    const std::uint64_t revision = state_->last;
    ASSERT_TRUE(secrets().end_rotation());
    EXPECT_EQ(state_->last, revision) << "nothing is left to end";
}

TEST_F(Secrets, a_secret_that_does_not_open_stops_the_rotation_and_keeps_the_old_key) {
    ASSERT_TRUE(secrets().set(caller_, "sms", "token", 0));
    ASSERT_TRUE(store_.put_secret(wanted("foreign"), bytes_of("not ours at all")));
    EXPECT_EQ(reason_of(secrets().rotate_key(caller_)), "DATA_MALFORMED");
    EXPECT_EQ(secrets().open("sms")->value, "token");
    EXPECT_TRUE(sealer_->has_old_keys());
}

}  // namespace
}  // namespace imece::config
