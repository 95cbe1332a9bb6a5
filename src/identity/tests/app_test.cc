// The use cases over a store in memory.
#include <gtest/gtest.h>

#include <atomic>

#include "identity/app/desks.h"
#include "identity/app/devices.h"
#include "identity/app/sessions.h"
#include "identity/app/users.h"
#include "identity/tests/fake_identity_store.h"
#include "identity/tests/samples.h"
#include "testkit/fake_clock.h"

namespace imece::identity::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kPassword = "kar yagiyor bugun";

class FakeHasher final : public PasswordHasher {
public:
    bool busy = false;
    int computed = 0;

    Result<std::string> hash(std::string_view password, SteadyPoint) override {
        if (busy) return fail(ErrorCode::kResourceExhausted, "LOGIN_BUSY", "busy");
        ++computed;
        return "hash of " + std::string(password);
    }
    Result<bool> verify(std::string_view password, const std::optional<std::string>& hash,
                        SteadyPoint) override {
        if (busy) return fail(ErrorCode::kResourceExhausted, "LOGIN_BUSY", "busy");
        ++computed;
        return hash == "hash of " + std::string(password);
    }
};

class FakeSigner final : public TokenSigner {
public:
    std::string sign(const AccessClaims& claims) const override {
        last = claims;
        return "token " + std::to_string(++signed_);
    }
    mutable AccessClaims last;

private:
    mutable int signed_ = 0;
};

class FakeWire final : public Wire {
public:
    std::string credential(const Credential& credential) const override {
        return "credential of " + to_text(credential.device) + " by " + credential.issuer_key_id;
    }
    std::string device_enrolled(const Device& device,
                                const SignedCredential& credential) const override {
        return to_text(device.id) + " has " + credential.bytes;
    }
    std::string device_revoked(const DeviceId&, const std::string& cause) const override {
        return "because " + cause;
    }
    std::string user_created(const UserId& user) const override { return to_text(user); }
    std::string user_changed(const UserId& user) const override { return to_text(user); }
    std::string check_in_recorded(const CheckInId& check_in,
                                  const crypto::Digest& commitment) const override {
        return to_text(check_in) + " is " + to_hex(commitment);
    }
    std::string check_in_erased(const CheckInId& check_in) const override {
        return to_text(check_in);
    }
    std::string desk_changed(const Desk& desk) const override {
        return desk.name + " has " + std::to_string(desk.devices.size());
    }
};

class FakeNews final : public TrustNews {
public:
    void device_revoked(const DeviceId& device, TimePoint until) override {
        devices[device] = until;
    }
    void session_revoked(const SessionId& session, TimePoint until) override {
        sessions[session] = until;
    }
    std::map<DeviceId, TimePoint> devices;
    std::map<SessionId, TimePoint> sessions;
};

class FakeLink final : public SetupLink {
public:
    std::optional<std::string> read() override { return token; }
    Status write(const std::string& fresh) override {
        token = fresh;
        return {};
    }
    void remove() override { token.reset(); }
    std::optional<std::string> token;
};

class App : public ::testing::Test {
protected:
    App() { clock_.set(kNow); }

    CallContext as(EnumSet<Role> roles, UserId user = id_of<UserId>(500)) const {
        CallContext call{.deadline = SteadyPoint::max(), .trace_parent = "00-trace"};
        call.caller.kind = Caller::Kind::kUser;
        call.caller.user = user;
        call.caller.roles = roles;
        return call;
    }
    CallContext nobody() const { return {.deadline = SteadyPoint::max()}; }

    User make_user(const std::string& name, EnumSet<Role> roles = {Role::kCitizen}) {
        const auto user =
            CreateUser({store_, passwords_, issuer_})(nobody(), name, kPassword, roles);
        EXPECT_TRUE(user);
        return user.value_or(User{});
    }
    CreateEnrolmentToken::Made make_token(std::uint32_t quota = 10, const Rights& rights = {}) {
        auto made = CreateEnrolmentToken({store_, issuer_})({.quota = quota, .rights = rights});
        EXPECT_TRUE(made);
        return made.value_or(CreateEnrolmentToken::Made{});
    }
    static std::string prove(const crypto::SigningKey& key, const std::string& token) {
        const crypto::Digest hash = secret_hash(token);
        Bytes bytes(hash.begin(), hash.end());
        bytes.insert(bytes.end(), key.public_key().begin(), key.public_key().end());
        return std::string(text_of(key.sign(crypto::kEnrolDomain, bytes)));
    }
    Result<EnrolDevice::Enrolled> enrol(const crypto::SigningKey& key, const std::string& token) {
        return EnrolDevice({store_, issuer_})(nobody(), {.token = token,
                                                         .public_key = key.public_key(),
                                                         .proof = prove(key, token),
                                                         .label = "phone"});
    }
    Result<SignInDevice::SignedIn> sign_in(const crypto::SigningKey& key) {
        const DeviceId id = crypto::device_id_of(key.public_key());
        IMECE_TRY(const auto made, CreateChallenge({store_, issuer_, challenges_})(id));
        return answer(key, made.challenge);
    }
    Result<SignInDevice::SignedIn> answer(const crypto::SigningKey& key,
                                          const Challenge& challenge) {
        return SignInDevice({store_, issuer_, challenges_})(
            nobody(), crypto::device_id_of(key.public_key()), challenge,
            std::string(text_of(key.sign(crypto::kChallengeDomain, challenge))));
    }
    std::vector<runtime::Event> events() { return store_.read_after(0, 1000).value(); }

    testkit::FakeClock clock_;
    SeededRandom random_{7};
    FakeIdentityStore store_;
    FakeHasher passwords_;
    FakeSigner signer_;
    FakeWire wire_;
    FakeNews news_;
    FakeLink link_;
    crypto::SigningKey site_key_{digest_of(900)};
    Issuer issuer_{{clock_, random_, signer_, site_key_, wire_}, {}};
    Challenges challenges_{issuer_.limits()};
    crypto::SigningKey phone_{digest_of(901)};
};

TEST_F(App, set_up_link_lives_until_it_is_used) {
    const OfferSetup offer({store_, random_, link_});
    const identity::SetUp set_up({store_, passwords_, link_, issuer_});
    const auto first = offer();
    ASSERT_TRUE(first && *first);
    EXPECT_EQ(link_.token, **first);
    EXPECT_EQ(offer().value(), **first) << "a restart keeps the link";
    link_.token.reset();
    const auto second = offer();
    ASSERT_TRUE(second && *second);
    EXPECT_NE(**second, **first) << "a lost file gets a new link";
    EXPECT_EQ(reason_of(set_up(nobody(), **first, "ayse", kPassword)), "SETUP_TOKEN_INVALID");
    EXPECT_EQ(passwords_.computed, 0);
    EXPECT_EQ(reason_of(set_up(nobody(), **second, "ayse", "short")), "PASSWORD_TOO_WEAK");
    const auto user = set_up(nobody(), **second, "ayse", kPassword);
    ASSERT_TRUE(user);
    EXPECT_EQ(user->roles, (EnumSet<Role>{Role::kOperator}));
    EXPECT_FALSE(link_.token);
    EXPECT_EQ(reason_of(set_up(nobody(), **second, "eve", kPassword)), "SETUP_TOKEN_INVALID");
    link_.token = **second;
    EXPECT_EQ(offer().value(), std::nullopt);
    EXPECT_FALSE(link_.token) << "what a crash left behind goes at the next start";
    ASSERT_EQ(events().size(), 1u);
    EXPECT_EQ(events()[0].type, "user.created.v1");
    EXPECT_EQ(events()[0].data, to_text(user->id));
}

TEST_F(App, users_are_made_and_read) {
    const CreateUser create({store_, passwords_, issuer_});
    const User ayse = make_user("ayse");
    EXPECT_EQ(ayse.created_at, kNow);
    EXPECT_EQ(reason_of(create(nobody(), "ayse", kPassword, {Role::kCitizen})), "USER_NAME_TAKEN");
    EXPECT_EQ(reason_of(create(nobody(), "mehmet", "mehmet mehmet", {Role::kCitizen})),
              "PASSWORD_TOO_WEAK");
    const GetUser get(store_);
    EXPECT_EQ(get(as({Role::kCitizen}, ayse.id), ayse.id), ayse);
    EXPECT_EQ(get(as({Role::kOperator}), ayse.id), ayse);
    EXPECT_EQ(reason_of(get(as({Role::kDispatcher}), ayse.id)), "ROLE_MISSING");
    EXPECT_EQ(reason_of(get(as({Role::kOperator}), id_of<UserId>(1))), "USER_UNKNOWN");
    store_.down = true;
    EXPECT_EQ(reason_of(get(as({Role::kOperator}), ayse.id)), "STORE_DOWN");
}

TEST_F(App, lists_come_in_pages) {
    for (int i = 0; i < 5; ++i) make_user("user" + std::to_string(i));
    const ListUsers list(store_);
    std::vector<std::string> names;
    std::string token;
    int pages = 0;
    do {
        const auto page = list(2, token);
        ASSERT_TRUE(page);
        for (const User& user : page->items) names.push_back(user.name);
        token = page->next_page_token;
        ++pages;
    } while (!token.empty());
    EXPECT_EQ(pages, 3);
    std::ranges::sort(names);
    EXPECT_EQ(names, (std::vector<std::string>{"user0", "user1", "user2", "user3", "user4"}));
    EXPECT_EQ(list(5, "")->next_page_token, "");
    EXPECT_EQ(reason_of(list(2, "nonsense")), "PAGE_TOKEN_INVALID");
}

TEST_F(App, login_gives_a_session_with_the_roles) {
    const User ayse = make_user("ayse", {Role::kResponder, Role::kDispatcher});
    Login login({store_, passwords_, issuer_}, {});
    const auto session = login(nobody(), "ayse", kPassword);
    ASSERT_TRUE(session);
    EXPECT_EQ(session->subject, Subject::of(ayse.id));
    EXPECT_EQ(session->access_expires_at, kNow + minutes(15));
    EXPECT_EQ(session->refresh_expires_at, kNow + hours(168));
    EXPECT_EQ(signer_.last.roles, ayse.roles);
    EXPECT_FALSE(signer_.last.carrier);
    EXPECT_EQ(signer_.last.expires_at, session->access_expires_at);
    EXPECT_EQ(session->refresh_token.size(), 43u);
}

TEST_F(App, an_unknown_name_costs_and_says_what_a_wrong_password_does) {
    make_user("ayse");
    Login login({store_, passwords_, issuer_}, {});
    passwords_.computed = 0;
    const auto wrong = login(nobody(), "ayse", "something else");
    EXPECT_EQ(passwords_.computed, 1);
    const auto unknown = login(nobody(), "eve", "something else");
    EXPECT_EQ(passwords_.computed, 2);
    ASSERT_FALSE(wrong || unknown);
    EXPECT_EQ(wrong.error().reason, "LOGIN_REFUSED");
    EXPECT_EQ(unknown.error().reason, "LOGIN_REFUSED");
    EXPECT_EQ(unknown.error().message, wrong.error().message);
}

TEST_F(App, guessing_is_slowed_down_for_known_and_unknown_names) {
    make_user("ayse");
    Login login({store_, passwords_, issuer_}, {});
    for (const char* name : {"ayse", "eve"}) {
        for (int i = 0; i < 5; ++i)
            EXPECT_EQ(reason_of(login(nobody(), name, "wrong")), "LOGIN_REFUSED");
        passwords_.computed = 0;
        EXPECT_EQ(reason_of(login(nobody(), name, kPassword)), "LOGIN_BUSY");
        EXPECT_EQ(passwords_.computed, 0);
    }
    clock_.advance(seconds(10));
    EXPECT_TRUE(login(nobody(), "ayse", kPassword));
    passwords_.busy = true;
    EXPECT_EQ(reason_of(login(nobody(), "ayse", kPassword)), "LOGIN_BUSY");
}

TEST_F(App, refresh_follows_the_user) {
    const User ayse = make_user("ayse", {Role::kCitizen});
    Login login({store_, passwords_, issuer_}, {});
    const RefreshSession refresh({store_, issuer_, news_});
    const auto first = login(nobody(), "ayse", kPassword);
    ASSERT_TRUE(first);
    const SessionId session = signer_.last.session;
    clock_.advance(minutes(14));
    const auto second = refresh(first->refresh_token);
    ASSERT_TRUE(second);
    EXPECT_EQ(signer_.last.session, session);
    EXPECT_EQ(signer_.last.roles, ayse.roles);
    EXPECT_EQ(second->access_expires_at, kNow + minutes(29));
    // The answer was lost: the same token once more, soon.
    clock_.advance(seconds(20));
    const auto third = refresh(first->refresh_token);
    ASSERT_TRUE(third);
    EXPECT_TRUE(news_.sessions.empty());
    clock_.advance(seconds(20));
    EXPECT_EQ(reason_of(refresh(first->refresh_token)), "REFRESH_REFUSED");
    EXPECT_TRUE(news_.sessions.contains(session));
    EXPECT_EQ(reason_of(refresh(third->refresh_token)), "REFRESH_REFUSED");
    EXPECT_EQ(reason_of(refresh("nonsense")), "REFRESH_REFUSED");
}

TEST_F(App, refresh_tokens_run_out) {
    make_user("ayse");
    Login login({store_, passwords_, issuer_}, {});
    const auto session = login(nobody(), "ayse", kPassword);
    ASSERT_TRUE(session);
    clock_.advance(hours(168));
    EXPECT_EQ(reason_of(RefreshSession({store_, issuer_, news_})(session->refresh_token)),
              "REFRESH_REFUSED");
    EXPECT_TRUE(news_.sessions.empty());
}

TEST_F(App, logout_ends_the_session_everywhere) {
    make_user("ayse");
    Login login({store_, passwords_, issuer_}, {});
    const auto session = login(nobody(), "ayse", kPassword);
    ASSERT_TRUE(session);
    const Logout logout({store_, news_});
    CallContext call = as({Role::kCitizen});
    EXPECT_TRUE(logout(call)) << "a service has no session";
    call.caller.session = signer_.last.session;
    EXPECT_TRUE(logout(call));
    EXPECT_EQ(news_.sessions.at(call.caller.session), kNow + minutes(15));
    news_.sessions.clear();
    EXPECT_TRUE(logout(call));
    EXPECT_TRUE(news_.sessions.empty());
    EXPECT_EQ(reason_of(RefreshSession({store_, issuer_, news_})(session->refresh_token)),
              "REFRESH_REFUSED");
}

TEST_F(App, enrolment_tokens_have_defaults_and_bounds) {
    const CreateEnrolmentToken create({store_, issuer_});
    const auto made = make_token(3);
    EXPECT_EQ(made.token.quota, 3u);
    EXPECT_EQ(made.token.expires_at, kNow + hours(24));
    EXPECT_EQ(made.token.rights.classes,
              (EnumSet<Priority>{Priority::kLifeCritical, Priority::kCommunication}));
    EXPECT_EQ(made.token.rights.network_roles, (EnumSet<NetworkRole>{NetworkRole::kEndpoint}));
    EXPECT_EQ(made.token.hash, secret_hash(made.text));
    EXPECT_EQ(reason_of(create({.expires_in = seconds(1)})), "FIELD_INVALID");
    EXPECT_EQ(reason_of(create({.rights = {.owner = id_of<UserId>(1)}})), "USER_UNKNOWN");
}

TEST_F(App, a_device_enrols_by_its_key) {
    const auto token = make_token(1);
    const auto enrolled = enrol(phone_, token.text);
    ASSERT_TRUE(enrolled);
    EXPECT_EQ(enrolled->device.id, crypto::device_id_of(phone_.public_key()));
    EXPECT_EQ(enrolled->device.label, "phone");
    EXPECT_EQ(enrolled->device.credential_until, kNow + hours(168));
    EXPECT_TRUE(crypto::verify(site_key_.public_key(), crypto::kCredentialDomain,
                               view_of(enrolled->credential.bytes),
                               enrolled->credential.signature));
    ASSERT_EQ(events().size(), 1u);
    EXPECT_EQ(events()[0].type, "device.enrolled.v1");
    EXPECT_EQ(events()[0].subject, to_text(enrolled->device.id));
    EXPECT_EQ(events()[0].data,
              to_text(enrolled->device.id) + " has " + enrolled->credential.bytes);
    EXPECT_TRUE(enrol(phone_, token.text)) << "a repeat is served";
    const crypto::SigningKey other(digest_of(902));
    EXPECT_EQ(reason_of(enrol(other, token.text)), "ENROLMENT_REFUSED");
    EXPECT_EQ(reason_of(enrol(other, "nonsense")), "ENROLMENT_REFUSED");
}

TEST_F(App, an_enrolment_needs_the_key_and_the_token) {
    const auto token = make_token();
    const auto other_token = make_token();
    const EnrolDevice enrol_device({store_, issuer_});
    const crypto::SigningKey other(digest_of(902));
    const std::string good = prove(phone_, token.text);
    for (const std::string& proof : {prove(other, token.text), prove(phone_, other_token.text),
                                     good.substr(1), std::string(64, '\0')})
        EXPECT_EQ(reason_of(enrol_device(nobody(), {.token = token.text,
                                                    .public_key = phone_.public_key(),
                                                    .proof = proof,
                                                    .label = ""})),
                  "PROOF_INVALID");
    EXPECT_TRUE(events().empty());
}

TEST_F(App, a_device_signs_in_by_challenge) {
    const auto token = make_token(1, {.classes = {}, .network_roles = {NetworkRole::kCarrier}});
    ASSERT_TRUE(enrol(phone_, token.text));
    clock_.advance(hours(1));
    const auto signed_in = sign_in(phone_);
    ASSERT_TRUE(signed_in);
    EXPECT_EQ(signed_in->session.subject, Subject::of(crypto::device_id_of(phone_.public_key())));
    EXPECT_TRUE(signer_.last.carrier);
    EXPECT_TRUE(signer_.last.roles.empty());
    EXPECT_EQ(store_.find_device(crypto::device_id_of(phone_.public_key()))->credential_until,
              kNow + hours(169));
    ASSERT_EQ(events().size(), 2u);
    EXPECT_EQ(events()[1].type, "device.enrolled.v1") << "the renewed credential is told";
    const auto refreshed =
        RefreshSession({store_, issuer_, news_})(signed_in->session.refresh_token);
    ASSERT_TRUE(refreshed);
    EXPECT_TRUE(signer_.last.carrier);
}

TEST_F(App, a_challenge_is_answered_once_and_in_time) {
    ASSERT_TRUE(enrol(phone_, make_token().text));
    const DeviceId id = crypto::device_id_of(phone_.public_key());
    const CreateChallenge create({store_, issuer_, challenges_});
    const auto made = create(id);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->expires_at, kNow + seconds(60));
    EXPECT_TRUE(answer(phone_, made->challenge));
    EXPECT_EQ(reason_of(answer(phone_, made->challenge)), "CHALLENGE_INVALID");
    EXPECT_EQ(reason_of(answer(phone_, digest_of(1))), "CHALLENGE_INVALID");

    const auto late = create(id);
    clock_.advance(seconds(60));
    EXPECT_EQ(reason_of(answer(phone_, late->challenge)), "CHALLENGE_INVALID");

    const auto guessed = create(id);
    const SignInDevice sign({store_, issuer_, challenges_});
    EXPECT_EQ(reason_of(sign(nobody(), id, guessed->challenge, std::string(64, 'x'))),
              "PROOF_INVALID");
    EXPECT_EQ(reason_of(answer(phone_, guessed->challenge)), "CHALLENGE_INVALID")
        << "a wrong answer uses the challenge up";
    EXPECT_EQ(reason_of(create(id_of<DeviceId>(1))), "DEVICE_UNKNOWN");
    EXPECT_EQ(reason_of(sign(nobody(), id_of<DeviceId>(1), guessed->challenge, "")),
              "DEVICE_UNKNOWN");
}

TEST_F(App, a_revoked_device_is_refused_at_every_door) {
    const auto token = make_token();
    ASSERT_TRUE(enrol(phone_, token.text));
    const auto signed_in = sign_in(phone_);
    ASSERT_TRUE(signed_in);
    const DeviceId id = crypto::device_id_of(phone_.public_key());
    const auto open = CreateChallenge({store_, issuer_, challenges_})(id);
    const RevokeDevice revoke({store_, issuer_, news_});
    EXPECT_EQ(reason_of(revoke(as({Role::kResponder}), id, "")), "ROLE_MISSING");
    const auto revoked = revoke(as({Role::kDispatcher}), id, "lost");
    ASSERT_TRUE(revoked);
    EXPECT_EQ(revoked->revoked_at, kNow);
    EXPECT_EQ(news_.devices.at(id), kNow + hours(168));
    EXPECT_EQ(events().back().type, "device.revoked.v1");
    EXPECT_EQ(events().back().data, "because lost");
    EXPECT_EQ(events().back().trace_parent, "00-trace");
    EXPECT_EQ(events().back().actor, "user:" + to_text(id_of<UserId>(500)));

    EXPECT_EQ(reason_of(enrol(phone_, token.text)), "DEVICE_REVOKED");
    EXPECT_EQ(reason_of(sign_in(phone_)), "DEVICE_REVOKED");
    EXPECT_EQ(reason_of(answer(phone_, open->challenge)), "DEVICE_REVOKED");
    EXPECT_EQ(reason_of(RefreshSession({store_, issuer_, news_})(signed_in->session.refresh_token)),
              "REFRESH_REFUSED");
    const std::size_t told = events().size();
    news_.devices.clear();
    EXPECT_TRUE(revoke(as({Role::kOperator}), id, "again"));
    EXPECT_EQ(events().size(), told);
    EXPECT_TRUE(news_.devices.empty());
    EXPECT_EQ(reason_of(revoke(as({Role::kOperator}), id_of<DeviceId>(1), "")), "DEVICE_UNKNOWN");
}

TEST_F(App, a_device_revokes_itself_only) {
    ASSERT_TRUE(enrol(phone_, make_token().text));
    const DeviceId id = crypto::device_id_of(phone_.public_key());
    const RevokeDevice revoke({store_, issuer_, news_});
    CallContext call = nobody();
    call.caller.kind = Caller::Kind::kDevice;
    call.caller.device = id_of<DeviceId>(1);
    EXPECT_EQ(reason_of(revoke(call, id, "")), "ROLE_MISSING");
    call.caller.device = id;
    EXPECT_TRUE(revoke(call, id, ""));
}

TEST_F(App, label_and_owner_are_for_few) {
    const User owner = make_user("owner");
    const auto token = make_token(1, {.classes = {}, .network_roles = {}, .owner = owner.id});
    ASSERT_TRUE(enrol(phone_, token.text));
    const DeviceId id = crypto::device_id_of(phone_.public_key());
    const GetDevice get(store_);
    const auto stranger = get(as({Role::kCitizen}), id);
    ASSERT_TRUE(stranger);
    EXPECT_EQ(stranger->public_key, phone_.public_key());
    EXPECT_EQ(stranger->label, "");
    EXPECT_TRUE(stranger->rights.owner.empty());
    EXPECT_EQ(get(as({Role::kCitizen}, owner.id), id)->label, "phone");
    EXPECT_EQ(get(as({Role::kResponder}), id)->rights.owner, owner.id);
    EXPECT_EQ(reason_of(get(as({Role::kResponder}), id_of<DeviceId>(1))), "DEVICE_UNKNOWN");
    const auto listed = ListDevices(store_)(as({Role::kResponder}), 0, "");
    ASSERT_TRUE(listed);
    ASSERT_EQ(listed->items.size(), 1u);
    EXPECT_EQ(listed->items[0].label, "phone");
}

TEST_F(App, desks_are_made_and_staffed) {
    const CreateDesk create({store_, issuer_});
    const AddDeskDevice add({store_, issuer_});
    const crypto::SigningKey key(digest_of(903));
    const auto desk = create(as({Role::kDispatcher}), "112 Hatay", key.public_key());
    ASSERT_TRUE(desk);
    EXPECT_EQ(reason_of(create(as({Role::kDispatcher}), "112 Hatay", key.public_key())),
              "DESK_NAME_TAKEN");
    EXPECT_EQ(reason_of(create(as({Role::kDispatcher}), "other", crypto::PublicKey{})),
              "KEY_INVALID");
    ASSERT_TRUE(enrol(phone_, make_token().text));
    const DeviceId id = crypto::device_id_of(phone_.public_key());
    const auto staffed = add(as({Role::kDispatcher}), desk->id, id);
    ASSERT_TRUE(staffed);
    EXPECT_EQ(staffed->devices, std::vector{id});
    EXPECT_EQ(events().back().type, "desk.changed.v1");
    EXPECT_EQ(events().back().data, "112 Hatay has 1");
    const std::size_t told = events().size();
    EXPECT_TRUE(add(as({Role::kDispatcher}), desk->id, id));
    EXPECT_EQ(events().size(), told);
    EXPECT_EQ(reason_of(add(as({Role::kDispatcher}), id_of<GroupId>(1), id)), "DESK_UNKNOWN");
    const auto listed = ListDesks(store_)(0, "");
    ASSERT_TRUE(listed);
    EXPECT_EQ(listed->items, std::vector{*staffed});
}

}  // namespace
}  // namespace imece::identity::testing
