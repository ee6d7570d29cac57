//! Characters that cannot be seen, or that turn or move what stands beside them: in a name they make one look like another,
//! on a terminal they paint over what it says.

/// Whether a character is never seen, or changes the direction of others: those that Unicode says to show nothing for
/// (Default_Ignorable_Code_Point), notes between lines, and the blank that is no space. Not the two that Persian and Indic
/// scripts join and part letters with; [`joins`] knows those.
pub fn hides(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether a character joins or parts letters and is not seen itself.
pub fn joins(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// A text for a terminal, which may have several lines: whatever could steer it, or turn what it shows, is replaced by a
/// mark that can be seen.
pub fn harmless_lines(text: &str) -> String {
    let steers = |c: char| (c.is_control() && c != '\n') || hides(c);
    text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_or_turns_others_is_known_and_letters_of_all_scripts_are_not_taken_for_it() {
        for c in "\u{ad}\u{61c}\u{115f}\u{180e}\u{200b}\u{200e}\u{202e}\u{2066}\u{2069}\u{2800}\u{3164}\u{fe0f}\u{feff}\u{e0041}".chars() {
            assert!(hides(c), "{c:?}");
        }
        for c in "aZ0 -я\u{e9}\u{301}\u{6cc}\u{5e9}\u{4e2d}\u{939}\u{1f600}\u{200c}\u{200d}".chars() {
            assert!(!hides(c), "{c:?}");
        }
    }

    #[test]
    fn no_text_steers_a_terminal() {
        let shown = harmless_lines("a\u{1b}]0;x\u{7}\u{9b}2J\r\u{202e}b\nс\u{200c}ی");
        assert_eq!(shown, "a\u{fffd}]0;x\u{fffd}\u{fffd}2J\u{fffd}\u{fffd}b\nс\u{200c}ی");
    }
}
