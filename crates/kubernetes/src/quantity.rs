//! Amounts as Kubernetes writes them.

/// Suffixes, and by what they multiply thousandths.
const SUFFIXES: &[(&str, u128)] = &[
    ("Ki", 1_000 << 10),
    ("Mi", 1_000 << 20),
    ("Gi", 1_000 << 30),
    ("Ti", 1_000 << 40),
    ("Pi", 1_000 << 50),
    ("m", 1),
    ("k", 1_000_000),
    ("M", 1_000_000_000),
    ("G", 1_000_000_000_000),
    ("T", 1_000_000_000_000_000),
    ("P", 1_000_000_000_000_000_000),
];

/// An amount in thousandths; what is less than one is left out. `None` if it is none.
pub fn parse(text: &str) -> Option<u128> {
    let (number, scale) = SUFFIXES
        .iter()
        .find_map(|(suffix, scale)| text.strip_suffix(suffix).map(|number| (number, *scale)))
        .unwrap_or((text, 1_000));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 18;
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let power = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let all: u128 = format!("{whole}{fraction}").parse().ok()?;
    Some(all.checked_mul(scale)? / power)
}

/// CPU for people, from thousandths of a core.
pub fn cpu(millis: u128) -> String {
    format!("{millis}m CPU")
}

/// Memory for people, from thousandths of a byte.
pub fn memory(millis: u128) -> String {
    format!("{} MiB", millis / (1_000 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read() {
        for (text, expect) in [
            ("250m", Some(250)),
            ("2", Some(2_000)),
            ("0.5", Some(500)),
            ("1Ki", Some(1_024_000)),
            ("1.5Gi", Some(1_610_612_736_000)),
            ("1G", Some(1_000_000_000_000)),
            ("", None),
            ("-1", None),
            ("1e3", None),
        ] {
            assert_eq!(parse(text), expect, "{text}");
        }
        assert_eq!(memory(parse("128Mi").unwrap()), "128 MiB");
    }
}
