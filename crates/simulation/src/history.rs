//! What happened, for people who look for the reason of a violation.

use std::collections::VecDeque;

/// Lines that are kept; what lies further back rarely explains anything.
const KEPT: usize = 80;

/// The latest events, and a hash of all of them.
#[derive(Debug)]
pub(crate) struct History {
    lines: VecDeque<String>,
    hash: u64,
}

impl History {
    pub(crate) fn new() -> History {
        History { lines: VecDeque::with_capacity(KEPT), hash: 0xCBF2_9CE4_8422_2325 }
    }

    pub(crate) fn add(&mut self, line: String) {
        // FNV-1a.
        for byte in line.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn into_lines(self) -> Vec<String> {
        self.lines.into()
    }
}
