//! The messages that are kept: the newest, within two bounds.

use std::{collections::VecDeque, sync::Arc};

use portal::{Message, Messages};

/// Messages that are kept: those of 500 payments of twelve, more than a person looks through.
const MESSAGES: usize = 6_000;
/// Bytes of all messages that are kept. 6,000 of usual messages take 15 MB with their headers; large bodies must not take more.
const BYTES: usize = 32 << 20;
/// Bytes of a message beside its texts: its numbers, and what its texts take for being texts.
const MESSAGE_BYTES: usize = 512;
/// Messages in one answer, unless fewer are asked for.
const ANSWER_MESSAGES: usize = 1_000;
/// Bytes of messages in one answer: clients of ours read 16 MiB, and JSON may double what it has to escape.
const ANSWER_BYTES: usize = 4 << 20;

/// Keeps the newest messages in the order in which they ended.
#[derive(Default)]
pub(super) struct Ring {
    messages: VecDeque<Arc<Message>>,
    bytes: usize,
    last: u64,
}

impl Ring {
    /// Keeps a message, and gives it its number.
    pub(super) fn push(&mut self, mut message: Message) {
        self.last += 1;
        message.number = self.last;
        self.bytes += weight(&message);
        self.messages.push_back(Arc::new(message));
        while self.messages.len() > MESSAGES || self.bytes > BYTES {
            let Some(oldest) = self.messages.pop_front() else { return };
            self.bytes -= weight(&oldest);
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<Message>> {
        self.messages.iter().cloned().collect()
    }
}

/// Those after a number of messages in the order of their numbers, as one answer.
pub(super) fn page(all: &[Arc<Message>], after: u64, limit: Option<usize>) -> Messages {
    let limit = limit.unwrap_or(ANSWER_MESSAGES).min(ANSWER_MESSAGES);
    let (mut messages, mut bytes) = (Vec::new(), 0);
    for message in all.iter().filter(|message| message.number > after).take(limit) {
        bytes += weight(message);
        if bytes > ANSWER_BYTES && !messages.is_empty() {
            break;
        }
        messages.push(Message::clone(message));
    }
    let last = messages.last().map_or(after, |message| message.number);
    messages.sort_by_key(|message| message.time);
    Messages { messages, last }
}

fn weight(message: &Message) -> usize {
    let headers: usize = message.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    let about = &message.about;
    let ids =
        [&about.transfer_id, &about.quote_id, &about.transaction_id, &about.party, &about.trace_id, &message.error];
    let ids: usize = ids.iter().filter_map(|text| text.as_deref()).map(str::len).sum();
    MESSAGE_BYTES + message.path.len() + message.from.len() + message.to.len() + message.body.len() + headers + ids
}

#[cfg(test)]
mod tests {
    use portal::{About, Moment};

    use super::*;

    fn message(body_bytes: usize) -> Message {
        Message {
            number: 0,
            time: Moment::from_micros(0),
            from: "a".to_owned(),
            to: "hub".to_owned(),
            phase: None,
            method: "GET".to_owned(),
            path: "/".to_owned(),
            status: Some(202),
            duration_ms: 1.0,
            error: None,
            about: About::default(),
            headers: std::collections::BTreeMap::new(),
            body: "x".repeat(body_bytes),
            body_bytes,
        }
    }

    /// So many messages of a size, and how many of them are kept.
    #[track_caller]
    fn check(count: usize, body_bytes: usize, kept: usize) {
        let mut ring = Ring::default();
        (0..count).for_each(|_| ring.push(message(body_bytes)));
        let all = ring.all();
        assert_eq!(all.len(), kept, "{count} of {body_bytes}");
        assert_eq!(all.last().map(|message| message.number), Some(count as u64));
        assert_eq!(ring.bytes, all.iter().map(|message| weight(message)).sum::<usize>());
    }

    #[test]
    fn the_newest_are_kept_within_both_bounds() {
        check(10, 0, 10);
        check(MESSAGES, 0, MESSAGES);
        check(MESSAGES + 3, 0, MESSAGES);
        let large = 60_000;
        check(1_000, large, BYTES / weight(&message(large)));
    }

    #[test]
    fn answers_have_bounds_and_say_where_to_go_on() {
        let mut ring = Ring::default();
        (0..ANSWER_MESSAGES + 5).for_each(|_| ring.push(message(0)));
        let last = |after, limit| page(&ring.all(), after, limit).last;
        assert_eq!(last(0, None), ANSWER_MESSAGES as u64);
        assert_eq!(last(0, Some(usize::MAX)), ANSWER_MESSAGES as u64);
        assert_eq!(last(0, Some(3)), 3);
        assert_eq!(last(ANSWER_MESSAGES as u64, None), ANSWER_MESSAGES as u64 + 5);
        assert_eq!(last(9_999, None), 9_999);
        let mut ring = Ring::default();
        (0..10).for_each(|_| ring.push(message(ANSWER_BYTES / 3)));
        assert_eq!(page(&ring.all(), 0, None).last, 2);
        let mut ring = Ring::default();
        (0..2).for_each(|_| ring.push(message(ANSWER_BYTES + 1)));
        assert_eq!(page(&ring.all(), 0, None).last, 1, "one is given, however large");
    }
}
