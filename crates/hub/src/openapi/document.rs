//! OpenAPI 3.1 as types (<https://spec.openapis.org/oas/v3.1.0>): the parts that the hub's documents use.

use std::collections::BTreeMap;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;
use serde_json::Value;

use super::words::ErrorBody;

/// The media type of bodies of the admin APIs, and of every error.
const JSON: &str = "application/json";

/// An API, described.
#[derive(Clone, Debug, Serialize)]
pub struct Document {
    openapi: &'static str,
    info: Info,
    paths: BTreeMap<&'static str, BTreeMap<&'static str, Operation>>,
}

#[derive(Clone, Debug, Serialize)]
struct Info {
    title: &'static str,
    version: &'static str,
    description: &'static str,
}

/// A method of HTTP that an API has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    operation_id: String,
    summary: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body: Option<RequestBody>,
    responses: BTreeMap<String, Response>,
}

#[derive(Clone, Debug, Serialize)]
struct Parameter {
    name: &'static str,
    #[serde(rename = "in")]
    place: &'static str,
    required: bool,
    description: &'static str,
    schema: Value,
}

#[derive(Clone, Debug, Serialize)]
struct RequestBody {
    required: bool,
    content: BTreeMap<String, Media>,
}

#[derive(Clone, Debug, Serialize)]
struct Media {
    schema: Value,
}

#[derive(Clone, Debug, Serialize)]
struct Response {
    description: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    content: BTreeMap<String, Media>,
}

/// Says what one operation takes and answers.
pub(crate) struct Describe(Operation);

/// What any request may be answered: bad request, nobody known, not allowed, no such URI, no such method, not now.
const REFUSALS: [(u16, &str); 6] = [
    (400, "The request is wrong; the error names the field"),
    (401, "Nobody knows who is asking"),
    (403, "Whoever is asking may not do this"),
    (404, "No such URI"),
    (405, "The URI does not have this method"),
    (503, "The hub can't take the request now; nothing was changed"),
];

impl Document {
    pub(super) fn new(title: &'static str, description: &'static str) -> Document {
        let info = Info { title, version: env!("CARGO_PKG_VERSION"), description };
        Document { openapi: "3.1.0", info, paths: BTreeMap::new() }
    }

    /// Adds an operation. The path has the form of both OpenAPI and the router: `/participants/{name}`.
    pub(super) fn add(&mut self, verb: Verb, path: &'static str, describe: Describe) {
        self.paths.entry(path).or_default().insert(verb.as_str(), describe.0);
    }

    /// The document as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a document has text keys only, and its types can't fail")
    }
}

impl Verb {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "get",
            Verb::Post => "post",
            Verb::Put => "put",
            Verb::Patch => "patch",
            Verb::Delete => "delete",
        }
    }
}

impl Describe {
    /// An operation with the refusals that every operation has.
    pub(crate) fn new(verb: Verb, path: &'static str, summary: &'static str) -> Describe {
        let words = path.split(['/', '{', '}']).filter(|word| !word.is_empty());
        let operation_id = words.fold(verb.as_str().to_owned(), |id, word| {
            let (first, rest) = word.split_at(1);
            id + &first.to_uppercase() + rest
        });
        let (parameters, request_body, responses) = (Vec::new(), None, BTreeMap::new());
        let describe = Describe(Operation { operation_id, summary, parameters, request_body, responses });
        REFUSALS.into_iter().fold(describe, |describe, (status, why)| describe.refuses(status, why))
    }

    /// A parameter in the path.
    pub(crate) fn path<T: JsonSchema>(self, name: &'static str, description: &'static str) -> Describe {
        self.parameter(name, "path", true, description, schema_of_input::<T>())
    }

    /// A parameter in the query, which may be left out.
    pub(crate) fn query<T: JsonSchema>(self, name: &'static str, description: &'static str) -> Describe {
        self.parameter(name, "query", false, description, schema_of_input::<T>())
    }

    /// A header.
    pub(crate) fn header<T: JsonSchema>(
        self,
        name: &'static str,
        required: bool,
        description: &'static str,
    ) -> Describe {
        self.parameter(name, "header", required, description, schema_of_input::<T>())
    }

    /// The body, as JSON of a type.
    pub(crate) fn body<T: JsonSchema>(self) -> Describe {
        self.body_of([JSON.to_owned()], &schema_of_input::<T>())
    }

    /// The body, in each of these media types of the same schema.
    pub(crate) fn body_of(mut self, types: impl IntoIterator<Item = String>, schema: &Value) -> Describe {
        let content = types.into_iter().map(|media| (media, Media { schema: schema.clone() })).collect();
        self.0.request_body = Some(RequestBody { required: true, content });
        self
    }

    /// An answer with JSON of a type.
    pub(crate) fn answers<T: JsonSchema>(self, status: u16, description: &'static str) -> Describe {
        self.responds(status, description, [(JSON, schema_of_answer::<T>())])
    }

    /// An answer without a body.
    pub(crate) fn answers_nothing(self, status: u16, description: &'static str) -> Describe {
        self.responds(status, description, [])
    }

    /// An answer with text for a program.
    pub(crate) fn answers_text(self, status: u16, media: &'static str, description: &'static str) -> Describe {
        self.responds(status, description, [(media, schema_of_answer::<String>())])
    }

    /// An answer with an error.
    pub(crate) fn refuses(self, status: u16, description: &'static str) -> Describe {
        self.responds(status, description, [(JSON, schema_of_answer::<ErrorBody>())])
    }

    fn parameter(
        mut self,
        name: &'static str,
        place: &'static str,
        required: bool,
        description: &'static str,
        schema: Value,
    ) -> Describe {
        self.0.parameters.push(Parameter { name, place, required, description, schema });
        self
    }

    fn responds(
        mut self,
        status: u16,
        description: &'static str,
        content: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Describe {
        let content = content.into_iter().map(|(media, schema)| (media.to_owned(), Media { schema })).collect();
        self.0.responses.insert(status.to_string(), Response { description, content });
        self
    }
}

fn schema_of_input<T: JsonSchema>() -> Value {
    schema::<T>(settings())
}

fn schema_of_answer<T: JsonSchema>() -> Value {
    schema::<T>(settings().for_serialize())
}

/// Every schema stands where it is used, so that none needs a name.
fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    })
}

fn schema<T: JsonSchema>(settings: SchemaSettings) -> Value {
    settings.into_generator().into_root_schema_for::<T>().to_value()
}
