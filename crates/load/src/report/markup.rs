//! A tree of elements that is written as HTML: [`Element`]. What is put in is escaped, so that no text becomes markup.

use std::fmt;

/// An element, with what is in it.
#[derive(Clone, Debug)]
pub(super) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    content: Vec<Content>,
}

#[derive(Clone, Debug)]
enum Content {
    Element(Element),
    Text(String),
    /// The content of `style`, which is not escaped in HTML; only this program's own.
    Style(&'static str),
}

/// Elements that have no content and no end.
const VOID: [&str; 1] = ["meta"];

impl Element {
    pub(super) fn new(name: &'static str) -> Element {
        Element { name, attributes: Vec::new(), content: Vec::new() }
    }

    /// With an attribute.
    pub(super) fn with(mut self, name: &'static str, value: impl fmt::Display) -> Element {
        self.attributes.push((name, value.to_string()));
        self
    }

    /// With a text in it.
    pub(super) fn text(mut self, text: impl fmt::Display) -> Element {
        self.content.push(Content::Text(text.to_string()));
        self
    }

    /// With an element in it.
    pub(super) fn child(mut self, child: Element) -> Element {
        self.content.push(Content::Element(child));
        self
    }

    /// With elements in it.
    pub(super) fn children(mut self, children: impl IntoIterator<Item = Element>) -> Element {
        self.content.extend(children.into_iter().map(Content::Element));
        self
    }

    /// The element `style` with these rules.
    pub(super) fn style(rules: &'static str) -> Element {
        let mut style = Element::new("style");
        style.content.push(Content::Style(rules));
        style
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}", self.name)?;
        for (name, value) in &self.attributes {
            write!(f, " {name}=\"{}\"", Escaped(value))?;
        }
        f.write_str(">")?;
        if VOID.contains(&self.name) {
            return Ok(());
        }
        for content in &self.content {
            match content {
                Content::Element(element) => element.fmt(f)?,
                Content::Text(text) => Escaped(text).fmt(f)?,
                Content::Style(rules) => f.write_str(rules)?,
            }
        }
        write!(f, "</{}>", self.name)
    }
}

struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            other => fmt::Write::write_char(f, other),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Element;

    #[test]
    fn text_never_becomes_markup() {
        let element = Element::new("p").with("title", "a\"b").text("<script>&'").child(Element::new("b").text(1));
        assert_eq!(element.to_string(), r#"<p title="a&quot;b">&lt;script&gt;&amp;&#39;<b>1</b></p>"#);
        assert_eq!(Element::new("meta").with("charset", "utf-8").to_string(), r#"<meta charset="utf-8">"#);
    }
}
