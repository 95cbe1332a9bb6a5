// The service on a real gRPC server: submit → stream → receipt, with the events of its neighbours played by hand.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "imece/bus/v1/bus.grpc.pb.h"
#include "imece/discovery/v1/events.pb.h"
#include "imece/identity/v1/events.pb.h"
#include "imece/messaging/v1/messaging.grpc.pb.h"
#include "imece/trust/v1/trust.pb.h"
#include "messaging/domain/message.h"
#include "messaging/module.h"
#include "runtime/auth/trust_store.h"
#include "runtime/bus/bus_service.h"
#include "runtime/bus/outbox.h"
#include "runtime/observe/metrics.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/server.h"
#include "runtime/rpc/time.h"
#include "runtime/settings/key.h"
#include "runtime/settings/settings.h"
#include "testkit/temp_dir.h"

namespace imece::messaging {
namespace {

namespace pb = imece::messaging::v1;
namespace type = imece::type::v1;
using namespace std::chrono_literals;
using crypto::SigningKey;

/// A neighbour's event log, in memory.
class Log final : public runtime::OutboxReader {
public:
    Log(runtime::Outboxes& outboxes, std::string name)
        : outboxes_(outboxes), name_(std::move(name)) {
        outboxes.add(name_, *this);
    }
    void append(const std::string& event_type, const google::protobuf::Message& data) {
        {
            const std::scoped_lock lock(mutex_);
            runtime::Event event;
            event.type = event_type;
            event.data = data.SerializeAsString();
            event.position = events_.size() + 1;
            events_.push_back(std::move(event));
        }
        outboxes_.committed(name_);
    }
    Result<std::vector<runtime::Event>> read_after(std::uint64_t position,
                                                   std::size_t max) override {
        const std::scoped_lock lock(mutex_);
        std::vector<runtime::Event> out;
        for (std::size_t i = position; i < events_.size() && out.size() < max; ++i)
            out.push_back(events_[i]);
        return out;
    }
    std::uint64_t last_position() override {
        const std::scoped_lock lock(mutex_);
        return events_.size();
    }

private:
    runtime::Outboxes& outboxes_;
    std::string name_;
    std::mutex mutex_;
    std::vector<runtime::Event> events_;
};

SigningKey make_key() {
    crypto::Seed seed{};
    SystemRandom().fill(seed);
    return SigningKey(seed);
}

std::string bytes_of(ByteView view) {
    return std::string(text_of(view));
}

struct Phone {
    SigningKey key = make_key();
    DeviceId id = crypto::device_id_of(key.public_key());
    type::SignedCredential credential;
    std::string token;
};

using ConnectStream = grpc::ClientReaderWriter<pb::ClientFrame, pb::ServerFrame>;

class MessageServiceTest : public testing::Test {
protected:
    MessageServiceTest() { start(); }
    ~MessageServiceTest() override { stop(); }

    void start() {
        server_ = std::make_unique<runtime::Server>(runtime::RpcConfig{.listen = "127.0.0.1:0"});
        trust_ = std::make_unique<runtime::TrustStore>(clock_);
        door_ = std::make_unique<runtime::Door>(
            runtime::Door::Deps{random_, metrics_, *server_, *trust_});
        process_ = std::make_unique<runtime::Process>(runtime::Process{
            clock_, random_, metrics_, *server_, outboxes_, {"hatay", false, "test"}, dir_.path()});
        module_ = *make(*process_, config_, *door_, *trust_, settings_);
        bus_ = runtime::make_bus_service(outboxes_, *door_, *server_);
        server_->add("bus", *bus_);
        set_trust();
        ASSERT_TRUE(server_->start());
        ASSERT_TRUE(module_->start());
        channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                                       grpc::InsecureChannelCredentials());
        stub_ = pb::MessageService::NewStub(channel_);
    }
    void stop() {
        module_->drain();
        server_->stop(1s);
        module_->stop();
    }
    void set_trust(const std::vector<DeviceId>& revoked = {}) {
        imece::trust::v1::TrustBundle bundle;
        bundle.set_issuer("hatay");
        auto& token_key = *bundle.add_keys();
        token_key.set_key_id(token_key_.key_id());
        token_key.set_use(imece::trust::v1::ACCESS_TOKEN);
        token_key.set_public_key(bytes_of(token_key_.public_point()));
        auto& credential_key = *bundle.add_keys();
        credential_key.set_key_id("issuer");
        credential_key.set_use(imece::trust::v1::CREDENTIAL);
        credential_key.set_public_key(bytes_of(issuer_.public_key()));
        for (const DeviceId& device : revoked)
            bundle.add_revoked_device_ids(bytes_of(device.view()));
        trust_->set(bundle);
    }
    Phone enrol(bool carrier = false) {
        Phone phone;
        type::Credential credential;
        credential.set_device_id(bytes_of(phone.id.view()));
        credential.set_public_key(bytes_of(phone.key.public_key()));
        credential.add_classes(type::LIFE_CRITICAL);
        credential.add_classes(type::COMMUNICATION);
        *credential.mutable_not_after() = runtime::to_proto(clock_.now() + 24h);
        credential.set_issuer_key_id("issuer");
        phone.credential.set_credential(credential.SerializeAsString());
        phone.credential.set_signature(bytes_of(
            issuer_.sign(crypto::kCredentialDomain, view_of(phone.credential.credential()))));
        runtime::TokenClaims claims{.issuer = "hatay",
                                    .subject = to_text(phone.id),
                                    .kind = "device",
                                    .session_id = "s",
                                    .roles = {},
                                    .carrier = carrier,
                                    .issued_at = clock_.now(),
                                    .expires_at = clock_.now() + 1h};
        phone.token = token_key_.sign(claims);
        imece::identity::v1::DeviceEnrolled event;
        event.set_device_id(bytes_of(phone.id.view()));
        event.set_public_key(bytes_of(phone.key.public_key()));
        *event.mutable_credential() = phone.credential;
        identity_.append("device.enrolled.v1", event);
        return phone;
    }
    type::SignedEnvelope compose(const Phone& from, const DeviceId& to,
                                 type::Priority priority = type::COMMUNICATION) {
        type::Envelope envelope;
        const auto id = make_uuid_v7(clock_.now(), random_);
        envelope.set_message_id(bytes_of(id));
        envelope.set_sender_device_id(bytes_of(from.id.view()));
        envelope.mutable_destination()->set_device_id(bytes_of(to.view()));
        envelope.set_priority(priority);
        *envelope.mutable_sent_at() = runtime::to_proto(clock_.now());
        envelope.set_sealed_body("sealed");
        type::SignedEnvelope message;
        message.set_envelope(envelope.SerializeAsString());
        message.set_signature(
            bytes_of(from.key.sign(crypto::kEnvelopeDomain, view_of(message.envelope()))));
        *message.mutable_credential() = from.credential;
        return message;
    }
    type::SignedReceipt receipt(const Phone& by, const type::SignedEnvelope& message) {
        type::Envelope envelope;
        envelope.ParseFromString(message.envelope());
        type::Receipt inner;
        inner.set_message_id(envelope.message_id());
        inner.set_device_id(bytes_of(by.id.view()));
        inner.set_kind(type::DELIVERED);
        type::SignedReceipt out;
        out.set_receipt(inner.SerializeAsString());
        out.set_signature(bytes_of(by.key.sign(crypto::kReceiptDomain, view_of(out.receipt()))));
        return out;
    }
    static void sign(grpc::ClientContext& context, const Phone& phone) {
        context.AddMetadata("authorization", "Bearer " + phone.token);
        context.set_deadline(std::chrono::system_clock::now() + 20s);
    }
    /// The reason of the refusal, or empty. A device just enrolled may not have arrived yet: that alone is tried again.
    std::string submit(const Phone& carrier, const type::SignedEnvelope& message,
                       bool* was_there = nullptr) {
        for (;;) {
            grpc::ClientContext context;
            sign(context, carrier);
            pb::SubmitMessageRequest request;
            *request.mutable_message() = message;
            pb::SubmitMessageResponse response;
            const grpc::Status status = stub_->SubmitMessage(&context, request, &response);
            if (was_there != nullptr) *was_there = response.was_there();
            if (status.ok()) return "";
            const Error error = runtime::from_grpc(status);
            if (error.reason != "DESTINATION_UNKNOWN") return std::string(error.reason);
            std::this_thread::yield();
        }
    }
    struct Open {
        grpc::ClientContext context;
        std::unique_ptr<ConnectStream> stream;
        pb::ServerFrame next() {
            pb::ServerFrame frame;
            EXPECT_TRUE(stream->Read(&frame));
            return frame;
        }
    };
    std::unique_ptr<Open> connect(const Phone& phone, bool carries = false,
                                  std::uint32_t credit = 0) {
        auto open = std::make_unique<Open>();
        sign(open->context, phone);
        open->stream = stub_->Connect(&open->context);
        pb::ClientFrame hello;
        hello.mutable_hello()->set_carries(carries);
        hello.mutable_hello()->set_credit(credit);
        EXPECT_TRUE(open->stream->Write(hello));
        EXPECT_TRUE(open->next().has_welcome());
        return open;
    }
    static std::string id_text(const type::SignedEnvelope& message) {
        type::Envelope envelope;
        envelope.ParseFromString(message.envelope());
        MessageId id;
        std::copy(envelope.message_id().begin(), envelope.message_id().end(), id.bytes.begin());
        return to_text(id);
    }
    pb::Explanation explain(const Phone& phone, const type::SignedEnvelope& message,
                            std::string* reason = nullptr) {
        grpc::ClientContext context;
        sign(context, phone);
        pb::ExplainMessageRequest request;
        request.set_message_id(id_text(message));
        pb::Explanation response;
        const grpc::Status status = stub_->ExplainMessage(&context, request, &response);
        if (reason != nullptr) *reason = status.ok() ? "" : runtime::from_grpc(status).reason;
        return response;
    }

    testkit::TempDir dir_;
    SystemClock clock_;
    SystemRandom random_;
    runtime::Metrics metrics_;
    runtime::Outboxes outboxes_;
    Log identity_{outboxes_, "identity"};
    Log discovery_{outboxes_, "discovery"};
    runtime::TokenKey token_key_ = runtime::TokenKey::generate();
    SigningKey issuer_ = make_key();
    Config config_;
    runtime::Settings settings_;
    std::unique_ptr<runtime::Server> server_;
    std::unique_ptr<runtime::TrustStore> trust_;
    std::unique_ptr<runtime::Door> door_;
    std::unique_ptr<runtime::Process> process_;
    std::unique_ptr<runtime::Module> module_;
    std::unique_ptr<grpc::Service> bus_;
    std::shared_ptr<grpc::Channel> channel_;
    std::unique_ptr<pb::MessageService::Stub> stub_;
};

TEST_F(MessageServiceTest, a_message_goes_from_sender_to_recipient_and_its_receipt_back) {
    const Phone ayse = enrol();
    const Phone mehmet = enrol();
    auto sender = connect(ayse);
    auto recipient = connect(mehmet);
    const auto message = compose(ayse, mehmet.id, type::LIFE_CRITICAL);
    ASSERT_EQ(submit(ayse, message), "");

    const pb::ServerFrame frame = recipient->next();
    ASSERT_EQ(frame.deliveries().deliveries_size(), 1);
    const pb::Delivery& delivery = frame.deliveries().deliveries(0);
    EXPECT_EQ(delivery.message().envelope(), message.envelope());
    EXPECT_EQ(delivery.device_id(), to_text(mehmet.id));
    EXPECT_EQ(explain(ayse, message).message().state(), pb::FORWARDED);

    pb::ClientFrame ack;
    ack.mutable_receipts()->set_request(7);
    *ack.mutable_receipts()->add_receipts() = receipt(mehmet, message);
    recipient->stream->Write(ack);
    const pb::ServerFrame confirmed = recipient->next();
    EXPECT_EQ(confirmed.receipt_results().request(), 7u);
    EXPECT_EQ(confirmed.receipt_results().results(0).reason(), "");
    const pb::ServerFrame news = sender->next();
    ASSERT_EQ(news.status_updates().updates_size(), 1);
    EXPECT_EQ(news.status_updates().updates(0).state(), pb::DELIVERED);
    EXPECT_EQ(news.status_updates().updates(0).message_id(), id_text(message));
    EXPECT_EQ(explain(ayse, message).copies(0).why(), "the recipient's receipt is recorded");
    EXPECT_THAT(metrics_.scrape(),
                testing::HasSubstr("imece_messages_delivered_count{class=\"LIFE_CRITICAL\"} 1"));
}

TEST_F(MessageServiceTest, refuses_what_it_must_with_the_reason) {
    const Phone ayse = enrol();
    const Phone mehmet = enrol();
    const auto good = compose(ayse, mehmet.id);
    ASSERT_EQ(submit(ayse, good), "");
    bool was_there = false;
    ASSERT_EQ(submit(mehmet, good, &was_there), "");  // Through another's uplink.
    EXPECT_TRUE(was_there);

    auto forged = compose(ayse, mehmet.id);
    forged.set_signature(
        bytes_of(mehmet.key.sign(crypto::kEnvelopeDomain, view_of(forged.envelope()))));
    EXPECT_EQ(submit(ayse, forged), "SIGNATURE_INVALID");
    auto wrong_class = compose(ayse, mehmet.id, type::SAFETY_CRITICAL);
    EXPECT_EQ(submit(ayse, wrong_class), "CLASS_NOT_ALLOWED");
    auto borrowed = compose(ayse, mehmet.id);
    *borrowed.mutable_credential() = mehmet.credential;
    EXPECT_EQ(submit(ayse, borrowed), "CREDENTIAL_INVALID");
    auto forged_credential = compose(ayse, mehmet.id);
    forged_credential.mutable_credential()->mutable_signature()->at(5) ^= 1;
    EXPECT_EQ(submit(ayse, forged_credential), "CREDENTIAL_INVALID");
    auto named = compose(ayse, mehmet.id);
    named.clear_credential();
    EXPECT_EQ(submit(ayse, named), "");  // Met before, by identity's event.
    Phone stranger;
    stranger.token = ayse.token;
    auto unmet = compose(stranger, mehmet.id);
    unmet.clear_credential();
    EXPECT_EQ(submit(stranger, unmet), "CREDENTIAL_UNKNOWN");
    type::SignedEnvelope garbage;
    garbage.set_envelope("\xff\xff garbage");
    EXPECT_EQ(submit(ayse, garbage), "ENVELOPE_MALFORMED");
    Phone nobody;
    EXPECT_EQ(submit(nobody, good), "TOKEN_INVALID");
    set_trust({ayse.id});
    Phone carrier = mehmet;
    EXPECT_EQ(submit(carrier, compose(ayse, mehmet.id)), "SENDER_REVOKED");
    EXPECT_EQ(submit(ayse, good), "TOKEN_REVOKED");
}

TEST_F(MessageServiceTest, another_content_under_a_known_id_is_refused) {
    const Phone ayse = enrol();
    const Phone mehmet = enrol();
    auto first = compose(ayse, mehmet.id);
    ASSERT_EQ(submit(ayse, first), "");
    type::Envelope envelope;
    envelope.ParseFromString(first.envelope());
    envelope.set_sealed_body("other");
    type::SignedEnvelope second = first;
    second.set_envelope(envelope.SerializeAsString());
    second.set_signature(
        bytes_of(ayse.key.sign(crypto::kEnvelopeDomain, view_of(second.envelope()))));
    EXPECT_EQ(submit(ayse, second), "ID_TAKEN");
}

TEST_F(MessageServiceTest, goes_through_a_carrier_where_the_mesh_has_a_path) {
    const Phone relay = enrol(true);
    const Phone ayse = enrol();
    const Phone mehmet = enrol();
    auto link = connect(relay, true);
    const auto message = compose(ayse, mehmet.id);
    ASSERT_EQ(submit(ayse, message), "");
    EXPECT_EQ(explain(ayse, message).copies(0).why(),
              "no path: the recipient has not been heard of yet");

    imece::discovery::v1::TopologyChanged topology;
    topology.set_version(3);
    for (const Phone* phone : {&relay, &mehmet}) {
        auto& node = *topology.add_nodes();
        node.set_node_id(bytes_of(phone->id.view()));
        node.set_state(imece::discovery::v1::ALIVE);
    }
    auto& way = *topology.add_links();
    way.set_from(bytes_of(relay.id.view()));
    way.set_to(bytes_of(mehmet.id.view()));
    way.set_quality(0.9);
    discovery_.append("topology.changed.v1", topology);

    const pb::ServerFrame frame = link->next();
    ASSERT_EQ(frame.deliveries().deliveries_size(), 1);
    EXPECT_THAT(frame.deliveries().deliveries(0).path(),
                testing::ElementsAre(to_text(relay.id), to_text(mehmet.id)));
    EXPECT_EQ(explain(ayse, message).topology_version(), 3u);

    // The receipt travels back through the relay: the recipient's signature counts, not the bringer's.
    pb::ClientFrame ack;
    auto forged = receipt(mehmet, message);
    forged.set_signature(
        bytes_of(relay.key.sign(crypto::kReceiptDomain, view_of(forged.receipt()))));
    *ack.mutable_receipts()->add_receipts() = forged;
    *ack.mutable_receipts()->add_receipts() = receipt(relay, message);
    *ack.mutable_receipts()->add_receipts() = receipt(mehmet, message);
    *ack.mutable_receipts()->add_receipts() = receipt(mehmet, message);
    link->stream->Write(ack);
    const auto results = link->next().receipt_results().results();
    ASSERT_EQ(results.size(), 4);
    EXPECT_EQ(results[0].reason(), "SIGNATURE_INVALID");
    EXPECT_EQ(results[1].reason(), "NOT_A_RECIPIENT");
    EXPECT_EQ(results[2].reason(), "");
    EXPECT_TRUE(results[3].was_there());
}

TEST_F(MessageServiceTest, closes_connections_with_the_reason) {
    const Phone ayse = enrol();
    const auto closing_reason = [](Open& open) {
        pb::ServerFrame frame;
        while (open.stream->Read(&frame)) {
        }
        return std::string(runtime::from_grpc(open.stream->Finish()).reason);
    };
    auto first = connect(ayse);
    auto second = connect(ayse);
    EXPECT_EQ(closing_reason(*first), "STREAM_REPLACED");
    second->stream->Write(pb::ClientFrame());
    EXPECT_EQ(closing_reason(*second), "FRAME_INVALID");

    auto early = std::make_unique<Open>();
    sign(early->context, ayse);
    early->stream = stub_->Connect(&early->context);
    pb::ClientFrame submit_first;
    submit_first.mutable_submit();
    early->stream->Write(submit_first);
    EXPECT_EQ(closing_reason(*early), "FRAME_INVALID");

    auto carrying = std::make_unique<Open>();
    sign(carrying->context, ayse);
    carrying->stream = stub_->Connect(&carrying->context);
    pb::ClientFrame hello;
    hello.mutable_hello()->set_carries(true);
    carrying->stream->Write(hello);
    EXPECT_EQ(closing_reason(*carrying), "ROLE_MISSING");

    auto revoked = connect(ayse);
    set_trust({ayse.id});
    pb::ClientFrame credit;
    credit.mutable_credit()->set_add(1);
    revoked->stream->Write(credit);
    EXPECT_EQ(closing_reason(*revoked), "TOKEN_REVOKED");
}

TEST_F(MessageServiceTest,
       what_is_pending_is_delivered_after_a_restart_once_acknowledged_never_again) {
    const Phone ayse = enrol();
    const Phone mehmet = enrol();
    const auto first = compose(ayse, mehmet.id);
    const auto second = compose(ayse, mehmet.id);
    ASSERT_EQ(submit(ayse, first), "");
    ASSERT_EQ(submit(ayse, second), "");
    {
        auto open = connect(mehmet, false, 1);
        EXPECT_EQ(open->next().deliveries().deliveries(0).message().envelope(), first.envelope());
        pb::ClientFrame ack;
        *ack.mutable_receipts()->add_receipts() = receipt(mehmet, first);
        open->stream->Write(ack);
        // The result and the next delivery may come in either order.
        bool confirmed = false;
        while (!confirmed) confirmed = open->next().has_receipt_results();
        open->context.TryCancel();
    }
    stop();
    module_.reset();
    start();
    auto open = connect(mehmet);
    EXPECT_EQ(open->next().deliveries().deliveries(0).message().envelope(), second.envelope());
    EXPECT_EQ(explain(ayse, first).message().state(), pb::DELIVERED);
}

TEST_F(MessageServiceTest, streams_over_the_plain_server_stream_too) {
    const Phone ayse = enrol();
    const Phone mehmet = enrol();
    const auto message = compose(ayse, mehmet.id);
    ASSERT_EQ(submit(ayse, message), "");
    grpc::ClientContext context;
    sign(context, mehmet);
    auto stream = stub_->StreamMessages(&context, {});
    pb::Delivery delivery;
    ASSERT_TRUE(stream->Read(&delivery));
    EXPECT_EQ(delivery.message().envelope(), message.envelope());
    grpc::ClientContext ack_context;
    sign(ack_context, mehmet);
    pb::AckMessagesRequest request;
    *request.add_receipts() = receipt(mehmet, message);
    request.add_receipts()->set_receipt("x");
    request.mutable_receipts(1)->set_signature("y");
    pb::AckMessagesResponse response;
    ASSERT_TRUE(stub_->AckMessages(&ack_context, request, &response).ok());
    EXPECT_EQ(response.results(0).reason(), "");
    EXPECT_EQ(response.results(1).reason(), "RECEIPT_MALFORMED");

    // A stream that is open when its device is revoked gives it nothing more.
    set_trust({mehmet.id});
    ASSERT_EQ(submit(ayse, compose(ayse, mehmet.id)), "");
    EXPECT_FALSE(stream->Read(&delivery));
    EXPECT_EQ(runtime::from_grpc(stream->Finish()).reason, "TOKEN_REVOKED");
}

TEST_F(MessageServiceTest, strangers_do_not_learn_that_a_message_exists) {
    const Phone ayse = enrol();
    const Phone mehmet = enrol();
    const Phone eve = enrol();
    const auto message = compose(ayse, mehmet.id);
    ASSERT_EQ(submit(ayse, message), "");
    std::string reason;
    explain(eve, message, &reason);
    EXPECT_EQ(reason, "MESSAGE_UNKNOWN");
    explain(mehmet, message, &reason);
    EXPECT_EQ(reason, "");
}

TEST_F(MessageServiceTest, groups_reach_each_member_and_lists_are_paged) {
    const Phone ayse = enrol();
    const Phone desk_a = enrol();
    const Phone desk_b = enrol();
    imece::identity::v1::DeskChanged desk;
    GroupId group;
    group.bytes[3] = 9;
    desk.set_group_id(bytes_of(group.view()));
    desk.add_device_ids(bytes_of(desk_a.id.view()));
    desk.add_device_ids(bytes_of(desk_b.id.view()));
    identity_.append("desk.changed.v1", desk);
    auto message = compose(ayse, desk_a.id, type::LIFE_CRITICAL);
    type::Envelope envelope;
    envelope.ParseFromString(message.envelope());
    envelope.mutable_destination()->set_group_id(bytes_of(group.view()));
    message.set_envelope(envelope.SerializeAsString());
    message.set_signature(
        bytes_of(ayse.key.sign(crypto::kEnvelopeDomain, view_of(message.envelope()))));
    ASSERT_EQ(submit(ayse, message), "");
    auto a = connect(desk_a);
    auto b = connect(desk_b);
    EXPECT_EQ(a->next().deliveries().deliveries_size(), 1);
    EXPECT_EQ(b->next().deliveries().deliveries_size(), 1);
    ASSERT_EQ(submit(ayse, compose(ayse, desk_a.id)), "");

    runtime::TokenClaims claims{.issuer = "hatay",
                                .subject = "u",
                                .kind = "user",
                                .session_id = "s",
                                .roles = {"DISPATCHER"},
                                .issued_at = clock_.now(),
                                .expires_at = clock_.now() + 1h};
    Phone dispatcher;
    dispatcher.token = token_key_.sign(claims);
    std::string page;
    std::vector<std::string> seen;
    do {
        grpc::ClientContext context;
        sign(context, dispatcher);
        pb::ListMessagesRequest request;
        request.set_page_size(1);
        request.set_page_token(page);
        pb::ListMessagesResponse response;
        ASSERT_TRUE(stub_->ListMessages(&context, request, &response).ok());
        for (const auto& one : response.messages()) seen.push_back(one.destination());
        page = response.next_page_token();
    } while (!page.empty());
    EXPECT_THAT(seen,
                testing::ElementsAre("device:" + to_text(desk_a.id), "group:" + to_text(group)));
    grpc::ClientContext context;
    sign(context, dispatcher);
    pb::Queues queues;
    ASSERT_TRUE(stub_->GetQueues(&context, {}, &queues).ok());
    EXPECT_EQ(queues.links(), 2u);
    EXPECT_EQ(queues.classes(0).accepted_total(), 2u);
}

TEST(Limits, are_those_that_the_settings_name_as_defaults) {
    const auto is_default = [](const char* key, const std::string& value) {
        EXPECT_EQ(runtime::find_key(key)->default_value, value) << key;
    };
    const Config config;
    is_default("messaging.queue_max", std::to_string(config.queue_max));
    is_default("messaging.body_bytes_max", std::to_string(config.body_bytes_max));
    is_default("messaging.ttl_max", runtime::setting_text(Duration(config.ttl_max)));
    const QueueLimits queue;
    EXPECT_EQ(queue.copies_max, config.queue_max);
    is_default("messaging.sender_queue_max", std::to_string(config.sender_queue_max));
    EXPECT_EQ(queue.sender_max, config.sender_queue_max);
    const char* shares[] = {"", "safety_critical", "operational", "communication", "maintenance"};
    for (std::size_t i = 1; i < kPriorities; ++i)
        is_default((std::string("messaging.queue_share_") + shares[i]).c_str(),
                   std::to_string(queue.percent[i]));
}

}  // namespace
}  // namespace imece::messaging
