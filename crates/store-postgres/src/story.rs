//! What is known under an id.

use std::collections::{BTreeMap, HashSet};

use fspiop::{QuoteId, Timestamp, TransferId};
use store::{SentMessage, Story};
use switch::{MessageId, Subject};
use tokio::join;

use crate::{
    columns,
    error::Failure,
    session::Session,
    tables::{
        funds_movement, identity,
        outbox_batch::{self, hashes},
        quote, sent_message, transfer,
    },
    value::{Stored, column},
};

/// Messages are looked for from so long before the beginning of what they are about until so long after its end: what is told
/// of it later, to those who ask again, is not found among millions of others.
const TOLD_WITHIN_MS: i64 = 600_000;

/// Reads everything; to be run in a transaction that sees one moment.
pub(crate) async fn read(session: &Session, id: TransferId) -> Result<Story, Failure> {
    let subjects = [Subject::Transfer(id), Subject::Quote(QuoteId(id.0))];
    let (key, names) = (id.write(), column(&subjects, Clone::clone));
    let (transfer, funds, quote, done, pending) = join!(
        biased;
        session.find(transfer::FIND, &key),
        session.find(funds_movement::FIND, &key),
        session.find(quote::FIND, &key),
        session.find(sent_message::DONE, &names),
        session.find(sent_message::PENDING, &names),
    );
    let mut story = Story {
        transfer: columns::one("transfer", &transfer?, transfer::read)?,
        funds: columns::one("funds_movement", &funds?, funds_movement::read)?,
        quote: columns::one("quote", &quote?, quote::read)?,
        archived: None,
        messages: columns::all("sent_message", &done?, sent_message::read_done)?,
    };
    if (&story.transfer, &story.funds, &story.quote) == (&None, &None, &None) {
        let rows = session.find(identity::ARCHIVED, &key).await?;
        story.archived = columns::one("identity", &rows, identity::read_archived)?;
    }
    story.messages.extend(columns::all("outbox", &pending?, sent_message::read_pending)?);
    let others = of_batches(session, &story, &subjects).await?;
    let known: HashSet<_> = story.messages.iter().map(|sent| sent.id).collect();
    story.messages.extend(others.into_iter().filter(|sent| !known.contains(&sent.id)));
    story.messages.sort_by_key(|sent| sent.id);
    Ok(story)
}

/// What batches said about these subjects.
async fn of_batches(session: &Session, story: &Story, subjects: &[Subject]) -> Result<Vec<SentMessage>, Failure> {
    let (since, until) = match time_of(story) {
        Some(time) => time,
        // Nothing is known but that somebody may have been told so.
        None => lately(session).await?,
    };
    let rows = session.query(outbox_batch::ABOUT, &[&since, &until, &hashes(subjects)]).await?;
    let contents = columns::all("outbox_batch", &rows, outbox_batch::read_content)?;
    let messages = contents.iter().flat_map(|content| &content.messages);
    let messages: Vec<_> = messages.filter(|message| subjects.contains(&message.subject)).collect();
    let ids = column(messages.iter().copied(), |message| message.id);
    let rows = session.query(outbox_batch::DELIVERED, &[&since, &until, &ids]).await?;
    let delivered: BTreeMap<MessageId, Timestamp> =
        columns::all("outbox_batch", &rows, outbox_batch::read_delivered)?.into_iter().collect();
    Ok(outbox_batch::told(messages.into_iter(), &delivered))
}

/// The time until the newest batch.
async fn lately(session: &Session) -> Result<(i64, i64), Failure> {
    let rows = session.query(outbox_batch::NEWEST, &[]).await?;
    let newest = columns::one("outbox_batch", &rows, |columns| columns.next::<i64>("at"))?.unwrap_or_default();
    Ok((newest - TOLD_WITHIN_MS, newest))
}

/// When messages about it were decided, in milliseconds.
fn time_of(story: &Story) -> Option<(i64, i64)> {
    let transfer = story.transfer.as_ref().map(|transfer| (transfer.prepared_at, transfer.ended_at));
    let quote = story.quote.as_ref().map(|quote| (quote.requested_at, quote.answered_at));
    let both: Vec<_> = [transfer, quote].into_iter().flatten().collect();
    let since = both.iter().map(|(since, _)| since.as_millis()).min()?;
    let end = |end: Option<Timestamp>| end.map_or(i64::MAX, |end| end.as_millis().saturating_add(TOLD_WITHIN_MS));
    let until = both.iter().map(|(_, until)| end(*until)).max()?;
    Some((since.saturating_sub(TOLD_WITHIN_MS), until))
}
