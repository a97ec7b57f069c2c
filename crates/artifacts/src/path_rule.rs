//! The one rule on names, applied alike to what is found on disk and to what a stranger sends.

use crate::limits::{Limits, NAME_BYTES_MAX};

/// The rule a path breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathRule {
    /// The path has no bytes.
    #[error("the path is empty")]
    Empty,
    /// The path starts at the root of the file system.
    #[error("the path is absolute")]
    Absolute,
    /// Two slashes in a row, or one at the end.
    #[error("the path has an empty component")]
    EmptyComponent,
    /// A component is `.` or `..`.
    #[error("the path has the component {component:?}")]
    DotComponent {
        /// `.` or `..`.
        component: String,
    },
    /// A control character (C0, DEL or C1).
    #[error("the path holds the control character U+{:04X}", u32::from(*character))]
    ControlCharacter {
        /// The character.
        character: char,
    },
    /// A character that is not seen or that reorders what is seen.
    #[error("the path holds the invisible or bidirectional character U+{:04X}", u32::from(*character))]
    InvisibleCharacter {
        /// The character.
        character: char,
    },
    /// A backslash: a separator on the machines of some readers.
    #[error("the path holds a backslash")]
    Backslash,
    /// The whole path is too long.
    #[error("the path is {bytes} bytes long, the limit is {limit}")]
    PathTooLong {
        /// Length found, in bytes.
        bytes: usize,
        /// Length allowed, in bytes.
        limit: usize,
    },
    /// One name in the path is too long for common file systems.
    #[error("a name of the path is {bytes} bytes long, the limit is {limit}")]
    NameTooLong {
        /// Length found, in bytes.
        bytes: usize,
        /// Length allowed, in bytes.
        limit: usize,
    },
    /// Too many names in the path.
    #[error("the path is {depth} levels deep, the limit is {limit}")]
    TooDeep {
        /// Number of names found.
        depth: usize,
        /// Number of names allowed.
        limit: usize,
    },
}

/// Checks a relative path, with `/` between its names.
pub(crate) fn check_path(path: &str, limits: &Limits) -> Result<(), PathRule> {
    if path.is_empty() {
        return Err(PathRule::Empty);
    }
    let limit = usize::from(limits.max_path_bytes);
    if path.len() > limit {
        return Err(PathRule::PathTooLong { bytes: path.len(), limit });
    }
    if path.starts_with('/') {
        return Err(PathRule::Absolute);
    }
    for character in path.chars() {
        if character.is_control() {
            return Err(PathRule::ControlCharacter { character });
        }
        if is_invisible(character) {
            return Err(PathRule::InvisibleCharacter { character });
        }
        if character == '\\' {
            return Err(PathRule::Backslash);
        }
    }
    let mut depth = 0usize;
    for component in path.split('/') {
        depth += 1;
        match component {
            "" => return Err(PathRule::EmptyComponent),
            "." | ".." => return Err(PathRule::DotComponent { component: component.to_owned() }),
            name if name.len() > NAME_BYTES_MAX => {
                return Err(PathRule::NameTooLong { bytes: name.len(), limit: NAME_BYTES_MAX });
            }
            _ => {}
        }
    }
    let limit = usize::from(limits.max_depth);
    if depth > limit {
        return Err(PathRule::TooDeep { depth, limit });
    }
    Ok(())
}

/// Characters that change what a reader sees without being seen: zero-width ones, bidirectional marks, separators
/// of lines and paragraphs, fillers, variation selectors and tags.
fn is_invisible(character: char) -> bool {
    matches!(
        u32::from(character),
        0x00AD
            | 0x034F
            | 0x061C
            | 0x115F
            | 0x1160
            | 0x17B4
            | 0x17B5
            | 0x180B..=0x180F
            | 0x200B..=0x200F
            | 0x2028..=0x202E
            | 0x2060..=0x206F
            | 0x3164
            | 0xFE00..=0xFE0F
            | 0xFEFF
            | 0xFFA0
            | 0xFFF0..=0xFFFB
            | 0x1BCA0..=0x1BCA3
            | 0x1D173..=0x1D17A
            | 0xE0000..=0xE0FFF
    )
}

/// The form in which two names that some file system would take for one are equal. Upper case first and then lower,
/// letter by letter, so that `ſ`, `s` and `S`, or the two small sigmas, meet.
pub(crate) fn case_folded(path: &str) -> String {
    path.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { max_bytes: 0, max_files: 0, max_depth: 3, max_path_bytes: 300 };

    #[test]
    fn ordinary_names_pass() {
        for path in ["a", "a/b/c", "-rf", ".hidden", "..a", "a..", "...", "données/été.txt", "日本/語", "a b"] {
            assert_eq!(check_path(path, &LIMITS), Ok(()), "{path}");
        }
    }

    #[test]
    fn every_hostile_name_is_refused_by_its_rule() {
        let dot = |c: &str| PathRule::DotComponent { component: c.into() };
        for (path, rule) in [
            ("", PathRule::Empty),
            ("/", PathRule::Absolute),
            ("/etc/passwd", PathRule::Absolute),
            ("..", dot("..")),
            (".", dot(".")),
            ("a/../b", dot("..")),
            ("a/..", dot("..")),
            ("./a", dot(".")),
            ("a//b", PathRule::EmptyComponent),
            ("a/", PathRule::EmptyComponent),
            ("a\\..\\b", PathRule::Backslash),
            ("a\0b", PathRule::ControlCharacter { character: '\0' }),
            ("a\nb", PathRule::ControlCharacter { character: '\n' }),
            ("\u{1b}[2J", PathRule::ControlCharacter { character: '\u{1b}' }),
            ("a\u{7f}", PathRule::ControlCharacter { character: '\u{7f}' }),
            ("a\u{9b}", PathRule::ControlCharacter { character: '\u{9b}' }),
            ("gpj\u{202e}.exe", PathRule::InvisibleCharacter { character: '\u{202e}' }),
            ("a\u{200b}", PathRule::InvisibleCharacter { character: '\u{200b}' }),
            ("\u{feff}a", PathRule::InvisibleCharacter { character: '\u{feff}' }),
            ("a/b/c/d", PathRule::TooDeep { depth: 4, limit: 3 }),
        ] {
            assert_eq!(check_path(path, &LIMITS), Err(rule), "{path:?}");
        }
    }

    #[test]
    fn a_path_at_its_limits_passes_and_one_byte_more_is_refused() {
        let name = "n".repeat(255);
        assert_eq!(check_path(&name, &LIMITS), Ok(()));
        assert_eq!(check_path(&format!("{name}n"), &LIMITS), Err(PathRule::NameTooLong { bytes: 256, limit: 255 }));
        let path = format!("{name}/{}", "m".repeat(44));
        assert_eq!(path.len(), 300);
        assert_eq!(check_path(&path, &LIMITS), Ok(()));
        assert_eq!(check_path(&format!("{path}m"), &LIMITS), Err(PathRule::PathTooLong { bytes: 301, limit: 300 }));
    }

    #[test]
    fn folding_meets_where_file_systems_meet() {
        assert_eq!(case_folded("README"), case_folded("readme"));
        assert_eq!(case_folded("ÉTÉ"), case_folded("été"));
        assert_eq!(case_folded("ΟΔΟΣ"), case_folded("οδος"));
        assert_eq!(case_folded("ſ"), case_folded("S"));
        assert_ne!(case_folded("a"), case_folded("b"));
    }
}
