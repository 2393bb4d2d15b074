//! The pages as HTML, out of templates that are part of the program.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

/// Templates, by their names.
const TEMPLATES: [(&str, &str); 5] = [
    ("page.html", include_str!("../templates/page.html")),
    ("list.html", include_str!("../templates/list.html")),
    ("payment.html", include_str!("../templates/payment.html")),
    ("diagram.html", include_str!("../templates/diagram.html")),
    ("missing.html", include_str!("../templates/missing.html")),
];

/// Makes pages.
pub(crate) struct Pages(Environment<'static>);

impl Pages {
    pub(crate) fn new() -> Pages {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.expect("no delimiters were changed"));
        for (name, template) in TEMPLATES {
            environment.add_template(name, template).expect("a test renders every template");
        }
        Pages(environment)
    }

    /// A page with this content.
    pub(crate) fn render(&self, template: &str, content: &impl Serialize) -> String {
        let template = self.0.get_template(template).expect("the names of templates are in this crate");
        template.render(Serde(content)).expect("a test renders every template with all that it can show")
    }
}
