//! Reads the programs' events out of a transaction's log.
//!
//! A program writes an event as `Program data: <base64>`, which names no program: who wrote it follows from the
//! `Program <id> invoke [depth]` and `Program <id> success` lines around it. A program's own text appears behind
//! `Program log: `, so it cannot imitate those lines. Whoever reads must have checked that the transaction succeeded: a
//! failed one changes nothing, whatever its log says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use solana_address::Address;

use crate::generated::{arbiter, market};

/// An event of either program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProgramEvent {
    Market(market::Event),
    Arbiter(arbiter::Event),
}

/// One `Program data:` line and the program that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramData {
    pub program: Address,
    pub data: Vec<u8>,
}

/// What a log holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadLog {
    pub entries: Vec<ProgramData>,
    /// False when the runtime cut the log short or it does not nest: events may be missing, and the state has to be
    /// read from the accounts instead.
    pub complete: bool,
}

/// The `Program data:` entries of a log, each with the program that wrote it.
pub fn read_log<S: AsRef<str>>(lines: &[S]) -> ReadLog {
    let mut running: Vec<Address> = Vec::new();
    let mut entries = Vec::new();
    for line in lines.iter().map(AsRef::as_ref) {
        match line_kind(line) {
            // Behind the cut, an `invoke` line may be missing, and what follows would get the wrong author.
            Line::Truncated => return ReadLog { entries, complete: false },
            Line::Invoke { program, depth } => {
                running.push(program);
                if depth != running.len() {
                    return ReadLog { entries, complete: false };
                }
            }
            Line::End { program } => {
                if running.pop() != Some(program) {
                    return ReadLog { entries, complete: false };
                }
            }
            Line::Data(data) => {
                let Some(program) = running.last() else { return ReadLog { entries, complete: false } };
                entries.push(ProgramData { program: *program, data });
            }
            Line::Other => {}
        }
    }
    ReadLog { entries, complete: running.is_empty() }
}

/// The events of both programs, in order. Entries of other programs and events this client does not know are skipped.
pub fn events<S: AsRef<str>>(lines: &[S]) -> Vec<ProgramEvent> {
    read_log(lines).entries.iter().filter_map(ProgramData::event).collect()
}

impl ProgramData {
    /// The event, if one of the two programs wrote it and this client knows it.
    pub fn event(&self) -> Option<ProgramEvent> {
        if self.program == market::ID {
            market::decode_event(&self.data).map(ProgramEvent::Market)
        } else if self.program == arbiter::ID {
            arbiter::decode_event(&self.data).map(ProgramEvent::Arbiter)
        } else {
            None
        }
    }
}

enum Line {
    Invoke { program: Address, depth: usize },
    End { program: Address },
    Data(Vec<u8>),
    Truncated,
    Other,
}

fn line_kind(line: &str) -> Line {
    if line == "Log truncated" {
        return Line::Truncated;
    }
    if let Some(fields) = line.strip_prefix("Program data: ") {
        // Several fields are several slices; an event is one.
        return STANDARD.decode(fields).map_or(Line::Other, Line::Data);
    }
    let Some((program, what)) = line.strip_prefix("Program ").and_then(|rest| rest.split_once(' ')) else {
        return Line::Other;
    };
    // "Program log: …" and its like end here: they name no address.
    let Ok(program) = program.parse::<Address>() else { return Line::Other };
    if what == "success" || what.starts_with("failed: ") {
        return Line::End { program };
    }
    let depth = what.strip_prefix("invoke [").and_then(|rest| rest.strip_suffix(']'));
    depth.and_then(|depth| depth.parse().ok()).map_or(Line::Other, |depth| Line::Invoke { program, depth })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: Address = Address::new_from_array([7; 32]);

    fn data(program: Address, byte: u8) -> ProgramData {
        ProgramData { program, data: vec![byte] }
    }

    fn data_line(byte: u8) -> String {
        format!("Program data: {}", STANDARD.encode([byte]))
    }

    #[test]
    fn data_belongs_to_the_innermost_running_program() {
        let log = [
            format!("Program {OTHER} invoke [1]"),
            data_line(1),
            format!("Program {} invoke [2]", market::ID),
            "Program log: Instruction: PostJob".to_owned(),
            data_line(2),
            format!("Program {} consumed 12 of 200000 compute units", market::ID),
            format!("Program {} success", market::ID),
            data_line(3),
            format!("Program {OTHER} success"),
            format!("Program {} invoke [1]", arbiter::ID),
            data_line(4),
            format!("Program {} success", arbiter::ID),
        ];
        let read = read_log(&log);
        assert!(read.complete);
        assert_eq!(read.entries, [data(OTHER, 1), data(market::ID, 2), data(OTHER, 3), data(arbiter::ID, 4)]);
    }

    #[test]
    fn a_programs_text_cannot_imitate_the_runtime() {
        let log = [
            format!("Program {OTHER} invoke [1]"),
            format!("Program log: Program {} invoke [2]", market::ID),
            format!("Program log: x\nProgram {} invoke [2]", market::ID),
            "Program log: invoke [2]".to_owned(),
            data_line(1),
            format!("Program {OTHER} success"),
        ];
        assert_eq!(read_log(&log).entries, [data(OTHER, 1)]);
    }

    #[test]
    fn a_cut_log_is_reported_and_nothing_behind_the_cut_is_read() {
        let market = market::ID;
        let log = [format!("Program {market} invoke [1]"), data_line(1), "Log truncated".to_owned(), data_line(2)];
        assert_eq!(read_log(&log), ReadLog { entries: vec![data(market, 1)], complete: false });
    }

    #[test]
    fn lines_that_do_not_nest_are_not_trusted() {
        let market = market::ID;
        for log in [
            vec![data_line(1)],
            vec![format!("Program {market} invoke [2]"), data_line(1)],
            vec![format!("Program {market} invoke [1]"), format!("Program {OTHER} success"), data_line(1)],
        ] {
            assert_eq!(read_log(&log), ReadLog::default());
        }
    }
}
