//! Reads a body in a single pass: checks its shape and captures a few fields, without copying the rest.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::error::{ErrorCode, FspiopError};
use crate::schema::{Capture, Field, Shape, Take, Text};
use crate::text::Excerpt;

/// How many fields that the specification does not know an object may have. They are accepted, but their names must be
/// remembered to find duplicates.
const MAX_UNKNOWN_FIELDS: usize = 256;

/// Checks that `body` is JSON of this shape and returns the texts that `captures` name, by slot.
///
/// # Errors
/// 3101 if it is not JSON (also for bad UTF-8, duplicate keys, nesting deeper than 127) or a value has the wrong type;
/// 3102 for a missing field; 3100 for a wrong value; 3103 for more than 256 unknown fields in an object. Bad JSON goes
/// before everything else; then the first violation, where those of an object go before those of its fields.
pub(crate) fn read<'a, const SLOTS: usize>(
    body: &'a [u8],
    shape: &'static Shape,
    captures: &'static [Capture],
) -> Result<[Option<Cow<'a, str>>; SLOTS], FspiopError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let detail = format!("Invalid JSON: not UTF-8 at byte {}", error.valid_up_to());
        FspiopError::new(ErrorCode::MalformedSyntax, detail)
    })?;
    let mut slots = [const { None }; SLOTS];
    let mut state = State { slots: &mut slots, malformed: None, violation: None };
    let root = Path { parent: None, segment: Segment::Root };
    let take = Take::Inside(captures);
    let value = Value { shape, take: Some(take), path: &root, state: &mut state };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    value.deserialize(&mut deserializer).and_then(|()| deserializer.end()).map_err(|error| not_json(&error))?;
    match state.malformed.or(state.violation) {
        Some(error) => Err(error),
        None => Ok(slots),
    }
}

/// Bad JSON, with line and column.
pub(crate) fn not_json(error: &serde_json::Error) -> FspiopError {
    FspiopError::new(ErrorCode::MalformedSyntax, format!("Invalid JSON: {error}"))
}

/// What a read has found so far.
struct State<'a, 's> {
    slots: &'s mut [Option<Cow<'a, str>>],
    /// The first defect of the JSON that the parser itself allows, such as a duplicate key.
    malformed: Option<FspiopError>,
    /// The first violation of the shape.
    violation: Option<FspiopError>,
}

impl State<'_, '_> {
    fn malformed(&mut self, code: ErrorCode, detail: impl FnOnce() -> String) {
        self.malformed.get_or_insert_with(|| FspiopError::new(code, detail()));
    }

    fn violation(&mut self, code: ErrorCode, detail: impl FnOnce() -> String) {
        self.violation.get_or_insert_with(|| FspiopError::new(code, detail()));
    }
}

/// Where a value stands in the body: a list on the stack, printed only when something is wrong.
struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    segment: Segment,
}

enum Segment {
    Root,
    Name(&'static str),
    Index(usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.segment {
            Segment::Root => f.write_str("/requestBody"),
            Segment::Name(name) => write!(f, "/{name}"),
            Segment::Index(index) => write!(f, "/{index}"),
        }
    }
}

/// Reads one value.
struct Value<'a, 's, 'v> {
    shape: &'static Shape,
    take: Option<Take>,
    path: &'v Path<'v>,
    state: &'v mut State<'a, 's>,
}

impl Value<'_, '_, '_> {
    fn wrong_type(&mut self) {
        let (shape, path) = (self.shape, self.path);
        self.state.violation(ErrorCode::MalformedSyntax, || format!("{path} must be {}", shape.type_name()));
    }

    /// A number, boolean or null, none of which the protocol has.
    fn scalar<E>(mut self) -> Result<(), E> {
        if !matches!(self.shape, Shape::Any) {
            self.wrong_type();
        }
        Ok(())
    }

    fn check_text(&mut self, text: &str) {
        match self.shape {
            Shape::Text(rules) | Shape::TextOrInteger(rules) | Shape::TextOrObject(rules, _) => {
                self.check_rules(rules, text);
            }
            Shape::Any => {}
            Shape::Object(_) | Shape::Array { .. } => self.wrong_type(),
        }
    }

    fn check_rules(&mut self, rules: &Text, text: &str) {
        if let Some(violation) = rules.violation(text) {
            let path = self.path;
            self.state.violation(ErrorCode::ValidationError, || format!("{path} {violation}"));
        }
    }

    /// The fields to expect if the value is an object. Another type is a violation; the value is read through anyway.
    fn fields(&mut self) -> &'static [Field] {
        match self.shape {
            Shape::Object(fields) | Shape::TextOrObject(_, fields) => fields,
            Shape::Any => &[],
            Shape::Text(_) | Shape::TextOrInteger(_) | Shape::Array { .. } => {
                self.wrong_type();
                &[]
            }
        }
    }

    fn check_missing(&mut self, fields: &'static [Field], seen: u64, had_violation: bool) {
        let is_missing = |index: usize, field: &Field| field.required && seen & 1 << index == 0;
        let missing = fields.iter().enumerate().find(|(index, field)| is_missing(*index, field));
        if let Some((_, field)) = missing
            && !had_violation
        {
            let detail = format!("{} must have required property '{}'", self.path, field.name);
            self.state.violation = Some(FspiopError::new(ErrorCode::MissingElement, detail));
        }
    }

    fn check_count(&mut self, count: usize, min: usize, max: usize) {
        let path = self.path;
        if count < min {
            self.state.violation(ErrorCode::ValidationError, || format!("{path} must NOT have fewer than {min} items"));
        }
        if count > max {
            self.state.violation(ErrorCode::ValidationError, || format!("{path} must NOT have more than {max} items"));
        }
    }
}

impl<'de> DeserializeSeed<'de> for Value<'de, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'de, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        match self.shape {
            Shape::TextOrInteger(_) => self.visit_str(&number.to_string()),
            _ => self.scalar(),
        }
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.scalar()
    }

    fn visit_borrowed_str<E>(mut self, text: &'de str) -> Result<(), E> {
        self.check_text(text);
        if let Some(Take::Slot(slot)) = self.take {
            self.state.slots[slot] = Some(Cow::Borrowed(text));
        }
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(mut self, text: &str) -> Result<(), E> {
        self.check_text(text);
        if let Some(Take::Slot(slot)) = self.take {
            self.state.slots[slot] = Some(Cow::Owned(text.to_owned()));
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let (item, min, max) = match self.shape {
            Shape::Array { item, min, max } => (*item, *min, *max),
            _ => (&Shape::Any, 0, usize::MAX),
        };
        if !matches!(self.shape, Shape::Array { .. } | Shape::Any) {
            self.wrong_type();
        }
        let is_known = !matches!(item, Shape::Any);
        let mut count = 0;
        loop {
            let path = Path { parent: Some(self.path), segment: Segment::Index(count) };
            let path = if is_known { &path } else { self.path };
            let value = Value { shape: item, take: None, path, state: self.state };
            if items.next_element_seed(value)?.is_none() {
                break;
            }
            count += 1;
        }
        self.check_count(count, min, max);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        let had_violation = self.state.violation.is_some();
        let fields = self.fields();
        let captures = match self.take {
            Some(Take::Inside(captures)) => captures,
            _ => &[],
        };
        let mut seen = 0_u64;
        let mut unknown = UnknownNames::default();
        while let Some(key) = entries.next_key_seed(KeySeed { fields })? {
            let index = match key {
                Key::Known(index) => index,
                Key::Unknown(name) => {
                    unknown.add(name, self.path, self.state);
                    let path = self.path;
                    let value = Value { shape: &Shape::Any, take: None, path, state: self.state };
                    entries.next_value_seed(value)?;
                    continue;
                }
            };
            let Field { name, shape, .. } = fields[index];
            if seen & 1 << index != 0 {
                duplicate(name, self.path, self.state);
            }
            seen |= 1 << index;
            let take = captures.iter().find(|capture| capture.name == name).map(|found| found.take);
            let path = Path { parent: Some(self.path), segment: Segment::Name(name) };
            entries.next_value_seed(Value { shape, take, path: &path, state: self.state })?;
        }
        self.check_missing(fields, seen, had_violation);
        Ok(())
    }
}

fn duplicate(name: &str, path: &Path<'_>, state: &mut State<'_, '_>) {
    state.malformed(ErrorCode::MalformedSyntax, || {
        format!("Invalid JSON: {path} has the key {} twice", Excerpt::of(name))
    });
}

/// The names of an object's fields that its shape does not know.
#[derive(Default)]
struct UnknownNames<'a>(BTreeSet<Cow<'a, str>>);

impl<'a> UnknownNames<'a> {
    fn add(&mut self, name: Cow<'a, str>, path: &Path<'_>, state: &mut State<'_, '_>) {
        if self.0.len() == MAX_UNKNOWN_FIELDS {
            state.malformed(ErrorCode::TooManyElements, || {
                format!("{path} has more than {MAX_UNKNOWN_FIELDS} unknown fields")
            });
        } else if self.0.contains(&name) {
            duplicate(&name, path, state);
        } else {
            self.0.insert(name);
        }
    }
}

/// A key: the index of a field that the shape knows, or another name.
enum Key<'a> {
    Known(usize),
    Unknown(Cow<'a, str>),
}

/// Reads one key.
struct KeySeed {
    fields: &'static [Field],
}

impl KeySeed {
    fn known(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }
}

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Key<'de>, E> {
        Ok(self.known(name).map_or(Key::Unknown(Cow::Borrowed(name)), Key::Known))
    }

    fn visit_str<E>(self, name: &str) -> Result<Key<'de>, E> {
        Ok(self.known(name).map_or_else(|| Key::Unknown(Cow::Owned(name.to_owned())), Key::Known))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schema::{array, inside, listed, object, optional, pattern, required, slot, text};

    static NAME: Shape = text(1, 8);
    static DIGIT: Shape = pattern("^\\d$", |text| matches!(text.as_bytes(), [b'0'..=b'9']));
    static COLOUR: Shape = listed(|text| matches!(text, "red" | "green"));
    static INNER: Shape = object(&[required("digit", &DIGIT), optional("colour", &COLOUR)]);
    static LIST: Shape = array(&INNER, 1, 2);
    static OUTER: Shape = object(&[required("name", &NAME), required("inner", &INNER), optional("list", &LIST)]);
    static CAPTURES: &[Capture] = &[slot("name", 0), inside("inner", &[slot("digit", 1)])];

    fn check(body: &str, expect: Result<[&str; 2], &str>) {
        let found = read::<2>(body.as_bytes(), &OUTER, CAPTURES)
            .map(|slots| slots.map(|slot| slot.unwrap_or_default().into_owned()))
            .map_err(|error| format!("{} {}", error.code, error.description));
        let found = found.as_ref().map(|slots| [slots[0].as_str(), slots[1].as_str()]).map_err(String::as_str);
        assert_eq!(found, expect, "{body}");
    }

    #[test]
    fn captures_and_ignores() {
        check(r#"{"name":"Ann","inner":{"digit":"7"}}"#, Ok(["Ann", "7"]));
        check(r#" { "inner" : { "colour":"red", "digit":"7" }, "name":"\u0041nn" } "#, Ok(["Ann", "7"]));
        check(
            r#"{"name":"Ann","inner":{"digit":"7"},"more":{"name":[1,-2,3.5,true,null,{"a":{}}]},"é":""}"#,
            Ok(["Ann", "7"]),
        );
    }

    #[test]
    fn borrows_unless_escaped() {
        let [name, digit] = read::<2>(br#"{"name":"\u0041","inner":{"digit":"7"}}"#, &OUTER, CAPTURES).unwrap();
        assert!(matches!(name, Some(Cow::Owned(_))));
        assert!(matches!(digit, Some(Cow::Borrowed("7"))));
    }

    #[test]
    fn violations() {
        check("{}", Err("3102 Missing mandatory element - /requestBody must have required property 'name'"));
        check(
            r#"{"name":"Ann","inner":{}}"#,
            Err("3102 Missing mandatory element - /requestBody/inner must have required property 'digit'"),
        );
        check(
            r#"{"name":"","inner":{"digit":"7"}}"#,
            Err("3100 Generic validation error - /requestBody/name must NOT have fewer than 1 characters"),
        );
        check(
            r#"{"name":"123456789","inner":{"digit":"7"}}"#,
            Err("3100 Generic validation error - /requestBody/name must NOT have more than 8 characters"),
        );
        check(
            r#"{"name":"Ann","inner":{"digit":"x"}}"#,
            Err(r#"3100 Generic validation error - /requestBody/inner/digit must match pattern "^\d$""#),
        );
        check(
            r#"{"name":"Ann","inner":{"digit":"1","colour":"blue"}}"#,
            Err("3100 Generic validation error - /requestBody/inner/colour must be equal to one of the allowed values"),
        );
        check(
            r#"{"name":"Ann","inner":{"digit":"1"},"list":[]}"#,
            Err("3100 Generic validation error - /requestBody/list must NOT have fewer than 1 items"),
        );
        check(
            r#"{"name":"Ann","inner":{"digit":"1"},"list":[{"digit":"1"},{"digit":"1"},{"digit":"1"}]}"#,
            Err("3100 Generic validation error - /requestBody/list must NOT have more than 2 items"),
        );
        check(
            r#"{"name":"Ann","inner":{"digit":"1"},"list":[{"digit":"1"},{}]}"#,
            Err("3102 Missing mandatory element - /requestBody/list/1 must have required property 'digit'"),
        );
    }

    #[test]
    fn wrong_types() {
        for (body, at, expect) in [
            ("[]", "", "object"),
            ("null", "", "object"),
            (r#""text""#, "", "object"),
            (r#"{"name":1,"inner":{"digit":"1"}}"#, "/name", "string"),
            (r#"{"name":null,"inner":{"digit":"1"}}"#, "/name", "string"),
            (r#"{"name":{"x":1},"inner":{"digit":"1"}}"#, "/name", "string"),
            (r#"{"name":["x"],"inner":{"digit":"1"}}"#, "/name", "string"),
            (r#"{"name":"Ann","inner":""}"#, "/inner", "object"),
            (r#"{"name":"Ann","inner":[{"digit":"1"}]}"#, "/inner", "object"),
            (r#"{"name":"Ann","inner":{"digit":1.5}}"#, "/inner/digit", "string"),
            (r#"{"name":"Ann","inner":{"digit":"1"},"list":{"digit":"1"}}"#, "/list", "array"),
            (r#"{"name":"Ann","inner":{"digit":"1"},"list":"1"}"#, "/list", "array"),
            (r#"{"name":"Ann","inner":{"digit":"1"},"list":["1"]}"#, "/list/0", "object"),
        ] {
            check(body, Err(&format!("3101 Malformed syntax - /requestBody{at} must be {expect}")));
        }
    }

    #[test]
    fn what_goes_before_what() {
        // Bad JSON goes before a violation that stands earlier.
        check(
            r#"{"name":"","inner":{"digit":"7"}"#,
            Err("3101 Malformed syntax - Invalid JSON: EOF while parsing an object at line 1 column 32"),
        );
        // A missing field goes before violations inside fields of the same object, but not before earlier ones.
        check(
            r#"{"inner":{"digit":"x"}}"#,
            Err("3102 Missing mandatory element - /requestBody must have required property 'name'"),
        );
        check(
            r#"{"name":"","inner":{}}"#,
            Err("3100 Generic validation error - /requestBody/name must NOT have fewer than 1 characters"),
        );
    }

    #[test]
    fn hostile_json() {
        let starts = |body: &[u8], expect: &str| {
            let error = read::<2>(body, &OUTER, CAPTURES).unwrap_err();
            let found = format!("{} {}", error.code, error.description);
            assert!(found.starts_with(expect), "{found}");
        };
        let json = "3101 Malformed syntax - Invalid JSON: ";
        starts(b"", json);
        starts(b"{", json);
        starts(b"{'name':1}", json);
        starts(br#"{"name":"Ann","inner":{"digit":"1"}} x"#, &format!("{json}trailing characters"));
        starts(br#"{"name":"Ann","inner":{"digit":"1"}}{}"#, &format!("{json}trailing characters"));
        starts(b"{\"name\":\"\xff\"}", &format!("{json}not UTF-8 at byte 9"));
        starts(b"{\"other\":\"\xff\"}", &format!("{json}not UTF-8"));
        starts(b"\xef\xbb\xbf{}", json);
        starts(b"{\"name\":\"a\nb\"}", json);
        starts(br#"{"name":"\ud800"}"#, json);
        starts(br#"{"x":1e999}"#, json);
        starts(br#"{"x":01}"#, json);
        starts(br#"{"x":NaN}"#, json);
        starts(br#"{"name":"a","name":"b"}"#, &format!("{json}/requestBody has the key 'name' twice"));
        starts(
            br#"{"inner":{"digit":"1","digit":"1"}}"#,
            &format!("{json}/requestBody/inner has the key 'digit' twice"),
        );
        starts(br#"{"x":1,"x":1}"#, &format!("{json}/requestBody has the key 'x' twice"));
        starts(br#"{"x":[{"y":1,"\u0079":1}]}"#, &format!("{json}/requestBody has the key 'y' twice"));
        for open in ["[", r#"{"x":"#, r#"{"inner":"#, r#"{"list":["#] {
            starts(open.repeat(5_000_000 / open.len()).as_bytes(), &format!("{json}recursion limit exceeded"));
        }
        let many: Vec<String> = (0..300_000).map(|number| format!("\"{number}\":0")).collect();
        starts(format!("{{{}}}", many.join(",")).as_bytes(), "3103 Too many elements");
        let items = format!(r#"{{"name":"Ann","inner":{{"digit":"1"}},"list":[{}0]}}"#, "0,".repeat(2_000_000));
        starts(items.as_bytes(), "3101 Malformed syntax - /requestBody/list/0 must be object");
    }

    #[test]
    fn a_body_of_five_mebibytes_is_read() {
        let body = format!(r#"{{"name":"Ann","padding":"{}","inner":{{"digit":"7"}}}}"#, "x".repeat(5_242_880 - 50));
        assert!(body.len() <= 5_242_880);
        check(&body, Ok(["Ann", "7"]));
    }

    const GOOD: &str =
        r#"{"name":"Ann","inner":{"digit":"7","colour":"red"},"list":[{"digit":"1"}],"x":[1,{"y":null}]}"#;

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100), text in "[{}\\[\\]\":,a-z0-9\\\\ue.-]{0,60}") {
            let _ = read::<2>(&bytes, &OUTER, CAPTURES);
            let _ = read::<2>(text.as_bytes(), &OUTER, CAPTURES);
        }

        #[test]
        fn whatever_is_accepted_is_json(at in 0..GOOD.len(), byte in any::<u8>()) {
            let mut body = GOOD.as_bytes().to_vec();
            body[at] = byte;
            if read::<2>(&body, &OUTER, CAPTURES).is_ok() {
                prop_assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
            }
        }
    }
}
