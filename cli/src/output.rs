//! What people and machines read.

use std::{io::Write, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// Prints words for people, or one JSON document for machines.
#[derive(Clone, Copy)]
pub struct Output {
    json: bool,
}

impl Output {
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    pub fn is_json(&self) -> bool {
        self.json
    }

    /// A line for people; machines do not see it.
    pub fn say(&self, text: impl AsRef<str>) {
        if !self.json {
            println!("{}", text.as_ref());
        }
    }

    /// The result of the command.
    pub fn result(&self, value: &impl Serialize, words: impl FnOnce() -> String) {
        if self.json {
            match serde_json::to_string_pretty(value) {
                Ok(text) => print_line(&text),
                Err(error) => eprintln!("proofmill: the result does not serialise: {error}"),
            }
        } else {
            print_line(&words());
        }
    }

    /// One of many things that happen while the command lasts: a line for people, or one line of JSON for machines.
    pub fn event(&self, value: &serde_json::Value, words: impl FnOnce() -> String) {
        if self.json { print_line(&value.to_string()) } else { print_line(&harmless(&words())) }
    }

    /// The error that ended the command, with its causes.
    pub fn failed(&self, error: &anyhow::Error) {
        if self.json {
            let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
            println!("{}", serde_json::json!({ "error": causes }));
        } else {
            eprintln!("proofmill: {error:#}");
        }
    }

    /// A bar for a transfer of `total` bytes.
    pub fn bar(&self, what: &str, total: u64) -> ProgressBar {
        if self.json {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(total);
        if let Ok(style) = ProgressStyle::with_template("{msg:>12} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what.to_owned());
        bar
    }

    /// The same without bars of its own, for work inside other work.
    pub fn quiet(&self) -> Self {
        Self { json: true }
    }

    /// Something that went wrong and is not the end: on standard error, so that results stay clean.
    pub fn warn(&self, text: impl AsRef<str>) {
        eprintln!("proofmill: {}", harmless(text.as_ref()));
    }

    /// A bar for `total` tasks.
    pub fn tasks_bar(&self, total: u64) -> ProgressBar {
        if self.json {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(total);
        if let Ok(style) = ProgressStyle::with_template("tasks [{bar:30}] {pos}/{len} done, {msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar
    }

    /// A spinner for a wait of unknown length.
    pub fn spinner(&self, what: impl Into<String>) -> ProgressBar {
        if self.json {
            return ProgressBar::hidden();
        }
        let spinner = ProgressBar::new_spinner();
        spinner.set_message(what.into());
        spinner.enable_steady_tick(Duration::from_millis(120));
        spinner
    }
}

/// Prints a line. A reader that has gone, as `head` does, has what it wanted.
fn print_line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Atoms of a six-decimal token in words.
pub fn tokens(atoms: u64) -> String {
    format!("{}.{:06}", atoms / 1_000_000, atoms % 1_000_000)
}

/// Text from strangers, made harmless for a terminal: control and bidirectional characters are shown, not obeyed.
pub fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| {
            let hidden = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if c == '\n' || c == '\t' || !(c.is_control() || hidden) { c } else { '\u{fffd}' }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_text_cannot_drive_the_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\u{202e}c\n"), "a\u{fffd}[2Jb\u{fffd}c\n");
    }

    #[test]
    fn atoms_read_as_tokens() {
        assert_eq!(tokens(1_234_567), "1.234567");
        assert_eq!(tokens(0), "0.000000");
    }
}
