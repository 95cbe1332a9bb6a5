#include "sdk/cpp/device.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "sdk/cpp/proto_time.h"
#include "testkit/temp_dir.h"

namespace imece::sdk {
namespace {

using namespace std::chrono_literals;
namespace type = imece::type::v1;

const TimePoint kNow = from_unix_ms(1'675'646'254'321);

type::SignedCredential credential_of(const Device& device) {
    type::Credential credential;
    credential.set_device_id(std::string(text_of(device.id().view())));
    credential.set_public_key(std::string(text_of(device.public_key())));
    type::SignedCredential made;
    made.set_credential(credential.SerializeAsString());
    made.set_signature("by the site");
    return made;
}

class DeviceTest : public testing::Test {
protected:
    DeviceTest() {
        EXPECT_TRUE(sender_.set_credential(credential_of(sender_)));
        draft_.destination = to(recipient_.id());
        draft_.recipient_key = recipient_.key().seal_key();
        draft_.priority = type::LIFE_CRITICAL;
        draft_.clear.set_kind("sos");
        draft_.body = "two under the stairs";
        draft_.exercise = true;
    }
    type::SignedEnvelope compose() {
        auto made = sender_.compose(draft_, id_, kNow, random_);
        EXPECT_TRUE(made);
        return made ? *made : type::SignedEnvelope{};
    }
    /// Signs `envelope` anew after a change: what a hostile sender can do.
    type::SignedEnvelope resign(const type::Envelope& envelope) const {
        type::SignedEnvelope message;
        message.set_envelope(envelope.SerializeAsString());
        message.set_signature(std::string(
            text_of(sender_.key().sign(crypto::kEnvelopeDomain, view_of(message.envelope())))));
        *message.mutable_credential() = *sender_.credential();
        return message;
    }

    SeededRandom random_{11};
    Device sender_ = Device::create(random_);
    Device recipient_ = Device::create(random_);
    MessageId id_{make_uuid_v7(kNow, random_)};
    Draft draft_;
};

TEST_F(DeviceTest, is_the_same_for_the_same_numbers) {
    SeededRandom one(5);
    SeededRandom same(5);
    EXPECT_EQ(Device::create(one).public_key(), Device::create(same).public_key());
    EXPECT_NE(Device::create(one).id(), sender_.id());
    EXPECT_EQ(sender_.id(), crypto::device_id_of(sender_.public_key()));
}

TEST_F(DeviceTest, opens_what_was_composed_for_it) {
    const auto opened = recipient_.open(compose());
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->id, id_);
    EXPECT_EQ(opened->sender, sender_.id());
    EXPECT_TRUE(opened->verified);
    EXPECT_EQ(opened->sent_at, kNow);
    EXPECT_EQ(opened->expires_at, kNow + 72h);
    EXPECT_EQ(opened->body, draft_.body);
    EXPECT_EQ(opened->header.clear().kind(), "sos");
    EXPECT_EQ(opened->header.priority(), type::LIFE_CRITICAL);
    EXPECT_TRUE(opened->header.exercise());
    EXPECT_TRUE(opened->header.sealed_body().empty());
}

TEST_F(DeviceTest, lives_as_long_as_it_says_or_as_its_class_does) {
    draft_.ttl = 90s;
    EXPECT_EQ(recipient_.open(compose())->expires_at, kNow + 90s);
    draft_.ttl.reset();
    constexpr std::pair<type::Priority, std::chrono::hours> kDefaults[] = {
        {type::LIFE_CRITICAL, 72h},
        {type::SAFETY_CRITICAL, 24h},
        {type::OPERATIONAL, 12h},
        {type::COMMUNICATION, 12h},
        {type::MAINTENANCE, 6h}};
    for (const auto& [priority, lives] : kDefaults) {
        draft_.priority = priority;
        EXPECT_EQ(recipient_.open(compose())->expires_at, kNow + lives);
    }
}

TEST_F(DeviceTest, knows_the_sender_by_a_key_at_hand) {
    draft_.attach_credential = false;
    const type::SignedEnvelope message = compose();
    EXPECT_FALSE(message.has_credential());
    EXPECT_FALSE(recipient_.open(message)->verified);
    EXPECT_TRUE(recipient_.open(message, {.sender_key = &sender_.public_key()})->verified);
    const auto wrong = recipient_.open(message, {.sender_key = &recipient_.public_key()});
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().reason, "SIGNATURE_INVALID");
}

TEST_F(DeviceTest, opens_a_desks_messages_with_the_desks_key) {
    const crypto::SigningKey desk(crypto::Seed{42});
    draft_.destination = to(GroupId{id_.bytes});
    draft_.recipient_key = desk.seal_key();
    const auto message = compose();
    EXPECT_EQ(recipient_.open(message, {.desk_key = &desk})->body, draft_.body);
    const auto without = recipient_.open(message);
    ASSERT_FALSE(without);
    EXPECT_EQ(without.error().reason, "SEAL_BROKEN");
    // The desk's key is not for what is addressed to the device itself.
    draft_.destination = to(recipient_.id());
    draft_.recipient_key = recipient_.key().seal_key();
    EXPECT_TRUE(recipient_.open(compose(), {.desk_key = &desk}));
}

struct DraftCase {
    const char* name;
    void (*change)(Draft&);
    std::string_view reason;
};
class Compose : public DeviceTest, public testing::WithParamInterface<DraftCase> {};
TEST_P(Compose, says) {
    GetParam().change(draft_);
    const auto made = sender_.compose(draft_, id_, kNow, random_);
    EXPECT_EQ(made ? "" : made.error().reason, GetParam().reason);
}
INSTANTIATE_TEST_SUITE_P(
    table, Compose,
    testing::Values(
        DraftCase{"one_byte", [](Draft& d) { d.body = "x"; }, ""},
        DraftCase{"no_body", [](Draft& d) { d.body.clear(); }, "BODY_EMPTY"},
        DraftCase{"largest_body", [](Draft& d) { d.body.assign(kPlainBodyMax, 'x'); }, ""},
        DraftCase{"larger_body", [](Draft& d) { d.body.assign(kPlainBodyMax + 1, 'x'); },
                  "BODY_TOO_LARGE"},
        DraftCase{"shortest_life", [](Draft& d) { d.ttl = 1s; }, ""},
        DraftCase{"no_life", [](Draft& d) { d.ttl = 0s; }, "TTL_OUT_OF_RANGE"},
        DraftCase{"longest_life", [](Draft& d) { d.ttl = 72h; }, ""},
        DraftCase{"longer_life", [](Draft& d) { d.ttl = 72h + 1s; }, "TTL_OUT_OF_RANGE"},
        DraftCase{"no_destination", [](Draft& d) { d.destination.Clear(); }, "DESTINATION_INVALID"},
        DraftCase{"short_destination", [](Draft& d) { d.destination.set_user_id("abc"); },
                  "DESTINATION_INVALID"},
        DraftCase{"to_a_user", [](Draft& d) { d.destination = to(UserId{{1}}); }, ""},
        DraftCase{"no_key", [](Draft& d) { d.recipient_key = {}; }, "KEY_INVALID"}),
    [](const auto& test) { return test.param.name; });

TEST_F(DeviceTest, needs_a_credential_to_attach_one) {
    const auto made = recipient_.compose(draft_, id_, kNow, random_);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().reason, "CREDENTIAL_INVALID");
    draft_.attach_credential = false;
    EXPECT_TRUE(recipient_.compose(draft_, id_, kNow, random_));
}

TEST_F(DeviceTest, takes_no_other_devices_credential) {
    EXPECT_FALSE(recipient_.set_credential(credential_of(sender_)));
    EXPECT_FALSE(recipient_.set_credential({}));
    EXPECT_FALSE(recipient_.credential());
}

struct Tampering {
    const char* name;
    void (*change)(type::SignedEnvelope&, const Device& other);
    std::string_view reason;
};
class Tampered : public DeviceTest, public testing::WithParamInterface<Tampering> {};
TEST_P(Tampered, is_refused) {
    type::SignedEnvelope message = compose();
    GetParam().change(message, recipient_);
    const auto opened = recipient_.open(message);
    EXPECT_EQ(opened ? "" : opened.error().reason, GetParam().reason);
}
INSTANTIATE_TEST_SUITE_P(
    table, Tampered,
    testing::Values(
        Tampering{"untouched", [](auto&, auto&) {}, ""},
        Tampering{"signature_changed", [](auto& m, auto&) { (*m.mutable_signature())[5] ^= 1; },
                  "SIGNATURE_INVALID"},
        Tampering{"signature_gone", [](auto& m, auto&) { m.clear_signature(); },
                  "SIGNATURE_INVALID"},
        Tampering{"body_changed", [](auto& m, auto&) { m.mutable_envelope()->back() ^= 1; },
                  "SIGNATURE_INVALID"},
        Tampering{"bytes_added",
                  [](auto& m, auto&) {
                      type::Envelope more;
                      more.set_priority(type::MAINTENANCE);
                      *m.mutable_envelope() += more.SerializeAsString();
                  },
                  "SIGNATURE_INVALID"},
        Tampering{"envelope_cut", [](auto& m, auto&) { m.mutable_envelope()->resize(60); },
                  "ENVELOPE_MALFORMED"},
        Tampering{"envelope_gone", [](auto& m, auto&) { m.clear_envelope(); },
                  "ENVELOPE_MALFORMED"},
        Tampering{"other_credential",
                  [](auto& m, auto& other) { *m.mutable_credential() = credential_of(other); },
                  "CREDENTIAL_INVALID"},
        Tampering{"no_credential_in_it",
                  [](auto& m, auto&) { m.mutable_credential()->set_credential("\xff\xff"); },
                  "CREDENTIAL_INVALID"},
        Tampering{"other_key_in_the_credential",
                  [](auto& m, auto& other) {
                      type::Credential credential;
                      credential.ParseFromString(m.credential().credential());
                      credential.set_public_key(std::string(text_of(other.public_key())));
                      m.mutable_credential()->set_credential(credential.SerializeAsString());
                  },
                  "CREDENTIAL_INVALID"}),
    [](const auto& test) { return test.param.name; });

struct Hostile {
    const char* name;
    void (*change)(type::Envelope&);
    std::string_view reason;
};
class HostileSender : public DeviceTest, public testing::WithParamInterface<Hostile> {};
TEST_P(HostileSender, is_refused) {
    type::Envelope envelope;
    ASSERT_TRUE(envelope.ParseFromString(compose().envelope()));
    GetParam().change(envelope);
    const auto opened = recipient_.open(resign(envelope));
    EXPECT_EQ(opened ? "" : opened.error().reason, GetParam().reason);
}
INSTANTIATE_TEST_SUITE_P(
    table, HostileSender,
    testing::Values(
        Hostile{"untouched", [](auto&) {}, ""},
        Hostile{"short_id", [](auto& e) { e.set_message_id("1"); }, "ENVELOPE_MALFORMED"},
        Hostile{"no_sender", [](auto& e) { e.clear_sender_device_id(); }, "ENVELOPE_MALFORMED"},
        Hostile{"someone_elses_name", [](auto& e) { e.set_sender_device_id(std::string(16, 'x')); },
                "CREDENTIAL_INVALID"},
        Hostile{"no_destination", [](auto& e) { e.clear_destination(); }, "ENVELOPE_MALFORMED"},
        Hostile{"time_before_all", [](auto& e) { e.mutable_sent_at()->set_seconds(INT64_MIN); },
                "ENVELOPE_MALFORMED"},
        Hostile{"time_after_all", [](auto& e) { e.mutable_sent_at()->set_seconds(INT64_MAX); },
                "ENVELOPE_MALFORMED"},
        Hostile{"no_life", [](auto& e) { e.mutable_ttl()->set_seconds(0); }, "ENVELOPE_MALFORMED"},
        Hostile{"eternal_life", [](auto& e) { e.mutable_ttl()->set_seconds(INT64_MAX); },
                "ENVELOPE_MALFORMED"},
        Hostile{"unsealed_body", [](auto& e) { e.set_sealed_body("hello"); }, "SEAL_BROKEN"},
        Hostile{"no_body", [](auto& e) { e.clear_sealed_body(); }, "SEAL_BROKEN"}),
    [](const auto& test) { return test.param.name; });

TEST_F(DeviceTest, signs_receipts_reports_and_proofs) {
    const auto receipt = sender_.receipt(id_, type::DELIVERED, kNow);
    EXPECT_TRUE(crypto::verify(sender_.public_key(), crypto::kReceiptDomain,
                               view_of(receipt.receipt()), view_of(receipt.signature())));
    type::Receipt said;
    ASSERT_TRUE(said.ParseFromString(receipt.receipt()));
    EXPECT_EQ(said.message_id(), text_of(id_.view()));
    EXPECT_EQ(said.device_id(), text_of(sender_.id().view()));
    EXPECT_EQ(said.kind(), type::DELIVERED);
    EXPECT_EQ(time_of(said.at()), kNow);

    imece::discovery::v1::NodeReport report;
    report.set_sequence(9);
    report.set_node_id("somebody else");
    const auto signed_report = sender_.report(report);
    EXPECT_TRUE(crypto::verify(sender_.public_key(), crypto::kReportDomain,
                               view_of(signed_report.report()),
                               view_of(signed_report.signature())));
    ASSERT_TRUE(report.ParseFromString(signed_report.report()));
    EXPECT_EQ(report.node_id(), text_of(sender_.id().view()));
    EXPECT_EQ(report.sequence(), 9u);

    // As EnrolDeviceRequest.proof documents it.
    std::string proven(text_of(crypto::sha256(view_of("token"))));
    proven += text_of(sender_.public_key());
    EXPECT_TRUE(crypto::verify(sender_.public_key(), crypto::kEnrolDomain, view_of(proven),
                               sender_.enrol_proof("token")));
    EXPECT_TRUE(crypto::verify(sender_.public_key(), crypto::kChallengeDomain, view_of("c"),
                               sender_.sign_challenge(view_of("c"))));
}

class DeviceFile : public DeviceTest {
protected:
    void write(std::string_view text) {
        std::ofstream(file_) << text;
        chmod(file_.c_str(), 0600);
    }
    testkit::TempDir dir_;
    std::filesystem::path file_ = dir_.path() / "phone.json";
};

TEST_F(DeviceFile, holds_key_and_credential_for_the_owner_alone) {
    ASSERT_TRUE(recipient_.save(file_));
    EXPECT_FALSE(Device::load(file_)->credential());
    ASSERT_TRUE(sender_.save(file_));  // In the place of the other.
    struct stat info{};
    ASSERT_EQ(stat(file_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    const auto loaded = Device::load(file_);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->public_key(), sender_.public_key());
    EXPECT_EQ(loaded->key().seed(), sender_.key().seed());
    ASSERT_TRUE(loaded->credential());
    EXPECT_EQ(loaded->credential()->signature(), "by the site");
}

TEST_F(DeviceFile, is_refused_when_missing_exposed_or_no_device_file) {
    EXPECT_EQ(Device::load(file_).error().reason, "DEVICE_FILE_MISSING");
    ASSERT_TRUE(sender_.save(file_));
    for (const mode_t mode : {0640, 0604, 0660, 0644}) {
        chmod(file_.c_str(), mode);
        EXPECT_EQ(Device::load(file_).error().reason, "DEVICE_FILE_EXPOSED");
    }
    for (const char* text :
         {"", "{", "[]", "{}", R"({"seed":7})", R"({"seed":"AAAA"})", R"({"seed":"!"})"}) {
        write(text);
        const auto got = Device::load(file_);
        ASSERT_FALSE(got) << text;
        EXPECT_EQ(got.error().reason, "DATA_MALFORMED") << text;
    }
    write(R"({"seed":")" + to_base64url(sender_.key().seed()) + R"(","credential":"AAAA"})");
    EXPECT_EQ(Device::load(file_).error().reason, "DATA_MALFORMED");
    write(std::string(70'000, ' '));
    EXPECT_EQ(Device::load(file_).error().reason, "DATA_MALFORMED");
}

TEST_F(DeviceFile, is_not_written_where_there_is_no_folder) {
    const auto got = sender_.save(dir_.path() / "none" / "phone.json");
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().reason, "STORE_DOWN");
}

}  // namespace
}  // namespace imece::sdk
