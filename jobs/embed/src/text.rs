//! From plain text to sentences.

use unicode_segmentation::UnicodeSegmentation;

/// Unicode's rule (UAX #29) ends a sentence after "Mr." when a capital follows; these never end one here.
const ABBREVIATIONS: [&str; 13] =
    ["Mr.", "Mrs.", "Ms.", "Messrs.", "Dr.", "St.", "Col.", "Capt.", "Rev.", "Prof.", "Hon.", "No.", "vs."];

/// Splits a text into sentences: paragraphs (separated by blank lines) are split by UAX #29, and what an
/// abbreviation tore apart is joined again. White space is folded to single spaces. Pieces without any letter or
/// digit are dropped.
pub fn sentences(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut paragraph = String::new();
    for line in text.lines().chain(std::iter::once("")) {
        let line = line.trim();
        if !line.is_empty() {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line);
        } else if !paragraph.is_empty() {
            split_paragraph(&paragraph, &mut out);
            paragraph.clear();
        }
    }
    out
}

fn split_paragraph(paragraph: &str, out: &mut Vec<String>) {
    let mut current = String::new();
    for piece in paragraph.split_sentence_bounds() {
        current.push_str(piece);
        let last_word = current.split_whitespace().next_back().unwrap_or("");
        if ABBREVIATIONS.contains(&last_word.trim_start_matches(|c: char| !c.is_alphanumeric())) {
            continue;
        }
        push(&current, out);
        current.clear();
    }
    push(&current, out);
}

fn push(piece: &str, out: &mut Vec<String>) {
    let folded = piece.split_whitespace().collect::<Vec<_>>().join(" ");
    if folded.chars().any(char::is_alphanumeric) {
        out.push(folded);
    }
}

#[cfg(test)]
mod tests {
    use super::sentences;

    #[test]
    fn joins_lines_and_splits_at_full_stops() {
        assert_eq!(
            sentences("It rained all\nday. Nobody came!\n\nWhy?  \r\n"),
            ["It rained all day.", "Nobody came!", "Why?"]
        );
    }

    #[test]
    fn a_title_does_not_end_a_sentence() {
        assert_eq!(
            sentences("\"I saw Mr. Darcy and Mrs. Hurst.\" They left."),
            ["\"I saw Mr. Darcy and Mrs. Hurst.\"", "They left."]
        );
        assert_eq!(sentences("He called (Dr. Lee) in."), ["He called (Dr. Lee) in."]);
    }

    #[test]
    fn a_paragraph_ends_a_sentence_even_after_an_abbreviation() {
        assert_eq!(sentences("Ask Mr.\n\nNobody."), ["Ask Mr.", "Nobody."]);
    }

    #[test]
    fn nothing_yields_nothing() {
        assert!(sentences("").is_empty());
        assert!(sentences(" \n\n --- \n ... \n").is_empty());
    }
}
