// Upper, lower and title case of whole texts, as Python's str does it. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace larder::text::jinja {

std::string upperCase(std::string_view text);
std::string lowerCase(std::string_view text);
std::string titleCase(std::string_view text);
std::string capitalized(std::string_view text);
std::string swappedCase(std::string_view text);

bool isUpperText(std::string_view text);
bool isLowerText(std::string_view text);
bool isTitleText(std::string_view text);

}  // namespace larder::text::jinja
