//! Taking away what stands deep inside a value, by path: `tools[*].function.strict`.

use super::find::{elements, members};
use super::text::write_string;
use super::value::{Field, Kind, Value};

/// A top-level field, or what stands deeper inside one.
///
/// Members are parted by `.`, elements stand in brackets: `metadata.trace`, `messages[0].name`, `tools[*].x`. A text that
/// is no such path is the name of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    pub field: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(usize),
    EveryElement,
}

impl Path {
    pub fn parse(text: &str) -> Self {
        let end = text.find(['.', '[']).unwrap_or(text.len());
        match steps(&text[end..]) {
            Some(steps) if end > 0 => Self {
                field: text[..end].to_owned(),
                steps,
            },
            _ => Self {
                field: text.to_owned(),
                steps: Vec::new(),
            },
        }
    }

    pub fn is_whole_field(&self) -> bool {
        self.steps.is_empty()
    }
}

fn steps(mut text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    while !text.is_empty() {
        if let Some(rest) = text.strip_prefix('[') {
            let (number, rest) = rest.split_once(']')?;
            steps.push(match number {
                "*" => Step::EveryElement,
                number => Step::Element(number.parse().ok()?),
            });
            text = rest;
        } else {
            let rest = text.strip_prefix('.')?;
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, rest) = rest.split_at(end);
            if name.is_empty() {
                return None;
            }
            steps.push(Step::Member(name.to_owned()));
            text = rest;
        }
    }
    Some(steps)
}

/// The field's value without what the paths lead to; `None` where they lead to nothing in it.
pub fn without(document: &[u8], field: &Field, paths: &[Path]) -> Option<Vec<u8>> {
    let name = field.name(document)?;
    let inside: Vec<&[Step]> = paths
        .iter()
        .filter(|path| path.field == name && !path.is_whole_field())
        .map(|path| path.steps.as_slice())
        .collect();
    if inside.is_empty() {
        return None;
    }
    let mut writer = Writer {
        document,
        out: Vec::with_capacity(field.raw(document).len()),
        has_removed: false,
    };
    writer.value(field.value, &inside);
    writer.has_removed.then_some(writer.out)
}

struct Writer<'a> {
    document: &'a [u8],
    out: Vec<u8>,
    has_removed: bool,
}

impl Writer<'_> {
    /// Writes the value without what the paths, which are none of them at their end, lead to.
    fn value(&mut self, value: Value, paths: &[&[Step]]) {
        match value.kind {
            Kind::Object if !paths.is_empty() => self.object(value, paths),
            Kind::Array if !paths.is_empty() => self.array(value, paths),
            _ => self.out.extend_from_slice(value.raw(self.document)),
        }
    }

    fn object(&mut self, object: Value, paths: &[&[Step]]) {
        self.out.push(b'{');
        let mut is_first = true;
        for member in members(self.document, object.span) {
            let name = member.name(self.document).unwrap_or_default();
            let is_next = |step: &Step| matches!(step, Step::Member(wanted) if *wanted == name);
            let Some(inside) = self.inside(paths, is_next) else {
                continue;
            };
            self.comma(&mut is_first);
            write_string(&mut self.out, &name);
            self.out.push(b':');
            self.value(member.value, &inside);
        }
        self.out.push(b'}');
    }

    fn array(&mut self, array: Value, paths: &[&[Step]]) {
        self.out.push(b'[');
        let mut is_first = true;
        for (place, element) in elements(self.document, array.span).enumerate() {
            let is_next = |step: &Step| *step == Step::EveryElement || *step == Step::Element(place);
            let Some(inside) = self.inside(paths, is_next) else {
                continue;
            };
            self.comma(&mut is_first);
            self.value(element, &inside);
        }
        self.out.push(b']');
    }

    /// What of the paths leads on from here; `None` where one ends, so that this goes.
    fn inside<'p>(&mut self, paths: &[&'p [Step]], is_next: impl Fn(&Step) -> bool) -> Option<Vec<&'p [Step]>> {
        let mut inside = Vec::new();
        for path in paths {
            match path.split_first() {
                Some((step, [])) if is_next(step) => {
                    self.has_removed = true;
                    return None;
                }
                Some((step, rest)) if is_next(step) => inside.push(rest),
                _ => {}
            }
        }
        Some(inside)
    }

    fn comma(&mut self, is_first: &mut bool) {
        if !std::mem::take(is_first) {
            self.out.push(b',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scan::{Limits, scan};
    use super::*;

    #[test]
    fn what_a_path_leads_to_goes() {
        let document = br#"{"tools": [{"a": 1, "x": {"y": 2, "z":3}}, {"x": 4}], "meta": {"b\n": 1.0, "c": null}}"#;
        let fields = scan(document, Limits::ceiling()).unwrap();
        for (paths, tools, meta) in [
            (&["tools[*].x"][..], Some(r#"[{"a":1},{}]"#), None),
            (&["tools[0].x.y", "tools[1]"], Some(r#"[{"a":1,"x":{"z":3}}]"#), None),
            (
                &["tools[*].x.y", "meta.c"],
                Some(r#"[{"a":1,"x":{"z":3}},{"x":4}]"#),
                Some(r#"{"b\n":1.0}"#),
            ),
            (
                &["meta.absent", "tools[7].x", "tools.a", "meta[0]", "meta.c.d"],
                None,
                None,
            ),
            (&["tools", "meta..c", "meta[x]"], None, None),
        ] {
            let paths: Vec<Path> = paths.iter().map(|path| Path::parse(path)).collect();
            let left: Vec<Option<String>> = (&fields)
                .into_iter()
                .map(|field| without(document, field, &paths).map(|json| String::from_utf8(json).unwrap()))
                .collect();
            assert_eq!([left[0].as_deref(), left[1].as_deref()], [tools, meta], "{paths:?}");
        }
    }

    #[test]
    fn what_is_no_path_is_a_name() {
        for text in ["seed", "a..b", "a[", "a[x]", ".a", "[0]", "a.", ""] {
            let path = Path::parse(text);
            assert!(path.is_whole_field() && path.field == text, "{text}");
        }
    }
}
