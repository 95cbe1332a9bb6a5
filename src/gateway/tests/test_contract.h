// A contract of its own for the tests, compiled from text at run time.
#pragma once

#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <memory>
#include <string>

#include "base/assert.h"

namespace imece::gateway {

/// Lets a .proto text import what is linked into the test.
class TestContract {
public:
    explicit TestContract(const std::string& text, const std::string& name = "test.proto")
        : pool_(google::protobuf::DescriptorPool::generated_pool()), factory_(&pool_) {
        google::protobuf::io::ArrayInputStream input(text.data(), static_cast<int>(text.size()));
        google::protobuf::io::Tokenizer tokens(&input, nullptr);
        google::protobuf::FileDescriptorProto file;
        google::protobuf::compiler::Parser parser;
        IMECE_ASSERT(parser.Parse(&tokens, &file));
        file.set_name(name);
        file_ = pool_.BuildFile(file);
        IMECE_ASSERT(file_ != nullptr);
    }
    const google::protobuf::FileDescriptor& file() const { return *file_; }
    google::protobuf::MessageFactory& factory() { return factory_; }
    std::unique_ptr<google::protobuf::Message> make(const std::string& type) {
        return std::unique_ptr<google::protobuf::Message>(
            factory_.GetPrototype(file_->FindMessageTypeByName(type))->New());
    }

private:
    google::protobuf::DescriptorPool pool_;
    google::protobuf::DynamicMessageFactory factory_;
    const google::protobuf::FileDescriptor* file_ = nullptr;
};

}  // namespace imece::gateway
