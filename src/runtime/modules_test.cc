#include "runtime/modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imece::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Noted final : public Module {
public:
    Noted(std::string name, std::vector<std::string>& notes)
        : name_(std::move(name)), notes_(notes) {}
    Status start() override {
        notes_.push_back("start " + name_);
        return {};
    }
    void drain() override { notes_.push_back("drain " + name_); }
    void stop() override { notes_.push_back("stop " + name_); }

private:
    std::string name_;
    std::vector<std::string>& notes_;
};

class ModulesTest : public testing::Test {
protected:
    Modules::Make noted(const std::string& name) {
        return [this, name]() -> Result<std::unique_ptr<Module>> {
            return std::make_unique<Noted>(name, notes_);
        };
    }
    std::vector<std::string> notes_;
    Modules modules_;
};

TEST_F(ModulesTest, needs_come_first_and_go_last) {
    modules_.add("gateway", {"identity", "messaging"}, noted("gateway"));
    modules_.add("messaging", {"identity"}, noted("messaging"));
    modules_.add("identity", {}, noted("identity"));
    modules_.add("all", {"gateway"});
    ASSERT_TRUE(modules_.make("all,identity"));
    EXPECT_THAT(modules_.made(), ElementsAre("identity", "messaging", "gateway"));
    ASSERT_TRUE(modules_.start());
    modules_.drain();
    modules_.stop();
    EXPECT_THAT(notes_, ElementsAre("start identity", "start messaging", "start gateway",
                                    "drain gateway", "drain messaging", "drain identity",
                                    "stop gateway", "stop messaging", "stop identity"));
}

TEST_F(ModulesTest, refuses_cycles_and_unknown_names) {
    modules_.add("a", {"b"}, noted("a"));
    modules_.add("b", {"a"}, noted("b"));
    EXPECT_THAT(modules_.make("a").error().message, HasSubstr("a needs b needs a"));
    EXPECT_THAT(modules_.make("ledgr").error().message, HasSubstr("'ledgr'; there are a, b"));
    EXPECT_TRUE(modules_.made().empty());
}

TEST_F(ModulesTest, stops_at_the_first_that_cannot_be_made) {
    modules_.add("identity", {}, noted("identity"));
    modules_.add("messaging", {"identity"}, []() -> Result<std::unique_ptr<Module>> {
        return fail(ErrorCode::kUnavailable, "STORE_DOWN", "no disk");
    });
    EXPECT_EQ(modules_.make("messaging").error().reason, "STORE_DOWN");
    EXPECT_THAT(modules_.made(), ElementsAre("identity"));
}

}  // namespace
}  // namespace imece::runtime
