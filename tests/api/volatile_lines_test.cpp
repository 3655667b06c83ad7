#include "engine/api/volatile_lines.h"

#include <gtest/gtest.h>

namespace larder::api {
namespace {

const std::string kLine = "x-anthropic-billing-header: cc_version=2.1.328.de3; cc_entrypoint=cli;";

TEST(VolatileLines, TheAttributionLineIsDroppedWhereverItStands) {
    EXPECT_EQ(withoutVolatileLines(kLine), "");
    EXPECT_EQ(withoutVolatileLines(kLine + "\n"), "");
    EXPECT_EQ(withoutVolatileLines(kLine + "\nYou are an agent."), "You are an agent.");
    EXPECT_EQ(withoutVolatileLines("You are an agent.\n" + kLine), "You are an agent.");
    EXPECT_EQ(withoutVolatileLines("a\n" + kLine + "\nb"), "a\nb");
    EXPECT_EQ(withoutVolatileLines("a\n" + kLine + "\n"), "a\n");
    EXPECT_EQ(withoutVolatileLines("a\n" + kLine + "\n" + kLine + "\nb\n" + kLine), "a\nb");
}

TEST(VolatileLines, AParagraphOfItsOwnGoesWithItsBlankLine) {
    EXPECT_EQ(withoutVolatileLines(kLine + "\n\nYou are an agent."), "You are an agent.");
    EXPECT_EQ(withoutVolatileLines("a\n\n" + kLine + "\n\nb"), "a\n\nb");
    EXPECT_EQ(withoutVolatileLines("a\n\n" + kLine), "a");
    EXPECT_EQ(withoutVolatileLines("a\n" + kLine + "\n\nb"), "a\n\nb");
    EXPECT_EQ(withoutVolatileLines("a\n\n" + kLine + "\nb"), "a\n\nb");
}

TEST(VolatileLines, MentionsStay) {
    for (const std::string& text :
         {"the " + kLine, " " + kLine, "> " + kLine + "\n", "X" + kLine.substr(1), std::string("x-anthropic-billing-header"),
          std::string("\nplain\n"), std::string()})
        EXPECT_EQ(withoutVolatileLines(text), text);
    EXPECT_EQ(withoutVolatileLines("see " + kLine + "\n" + kLine + "\n"), "see " + kLine + "\n");
}

}  // namespace
}  // namespace larder::api
