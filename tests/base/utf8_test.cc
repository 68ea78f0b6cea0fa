#include "base/utf8.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Utf8Test, KnowsTextFromBytes) {
  for (const std::string_view text :
       {"", "plain", "gr\u00fc\u00df", "\u20ac", "\U0001f600", "\U0010ffff"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
    EXPECT_EQ(as_utf8(text), text);
  }
  for (const std::string_view bytes : {"\xff", "a\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                                       "\xf4\x90\x80\x80", "\xe2\x82"}) {
    EXPECT_FALSE(is_utf8(bytes));
    EXPECT_TRUE(is_utf8(as_utf8(bytes)));
  }
  EXPECT_EQ(as_utf8("a\xff\xfez"), "a\xef\xbf\xbd\xef\xbf\xbdz");
}

TEST(Utf8Test, MakesLabels) {
  EXPECT_TRUE(is_label("n\u00e4chster"));
  EXPECT_FALSE(is_label("two\nlines"));
  EXPECT_FALSE(is_label("\xff"));
  EXPECT_EQ(as_label("a\nb\xff"
                     "c",
                     64),
            "a_b_c");
  EXPECT_EQ(as_label("abc\u20ac", 5), "abc") << "no half of a character";
  EXPECT_EQ(as_label("abc\u20ac", 6), "abc\u20ac");
}

}  // namespace
}  // namespace base
