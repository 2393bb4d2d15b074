//! What happened, for people who look for the reason of a violation.

/// Latest events that a violation shows, whatever they are about.
const LATEST: usize = 40;
/// Events that a violation shows because they are about what it names.
const RELATED: usize = 60;
/// Lengths of ULIDs and UUIDs as text.
const IDENTIFIERS: [usize; 2] = [26, 36];

/// All events in words, and a hash of them.
#[derive(Debug)]
pub(crate) struct History {
    lines: Vec<String>,
    hash: u64,
}

impl History {
    pub(crate) fn new() -> History {
        History { lines: Vec::new(), hash: 0xCBF2_9CE4_8422_2325 }
    }

    pub(crate) fn add(&mut self, line: String) {
        // FNV-1a.
        for byte in line.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
        self.lines.push(line);
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    /// The events that explain a text: those about the identifiers that it names, and the latest.
    pub(crate) fn explaining(self, text: &str) -> Vec<String> {
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
        let identifiers: Vec<&str> = words.filter(|word| IDENTIFIERS.contains(&word.len())).collect();
        let latest = self.lines.len().saturating_sub(LATEST);
        let is_related = |line: &str| identifiers.iter().any(|identifier| line.contains(identifier));
        let related: Vec<usize> = (0..latest).filter(|number| is_related(&self.lines[*number])).collect();
        let shown = related.len().saturating_sub(RELATED);
        let first = related[shown..].iter().map(|number| self.lines[*number].clone());
        first.chain(self.lines[latest..].iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_explained_by_what_it_names_and_by_the_latest_events() {
        let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
        let mut history = History::new();
        history.add(format!("prepare {id}"));
        for number in 0..100 {
            history.add(number.to_string());
        }
        let lines = history.explaining(&format!("transfer {id}: lost"));
        assert_eq!(lines.len(), 1 + LATEST);
        assert_eq!((lines[0].as_str(), lines[1].as_str()), ("prepare 01ARZ3NDEKTSV4RRFFQ69G5FAV", "60"));
    }
}
