// Functions that a template defines: macros, and the bodies of call blocks. One thread at a time.
#pragma once

#include <memory>
#include <string>

#include "engine/text/jinja/ast.h"
#include "engine/text/jinja/objects.h"

namespace larder::text::jinja {

struct Activation;

struct MacroObject : CallableObject {
    MacroObject(const Function& definition, std::shared_ptr<Activation> definedIn)
        : function(definition), outer(std::move(definedIn)) {}

    Value call(Interpreter& interpreter, Arguments arguments) override;
    std::string repr() const override;
    std::string_view typeName() const override { return "Macro"; }
    Value attribute(Interpreter& interpreter, std::string_view name) const override;

    const Function& function;
    std::shared_ptr<Activation> outer;
};

}  // namespace larder::text::jinja
