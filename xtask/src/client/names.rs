//! Rust names out of IDL names.

/// `post_job` -> `PostJob`; a name in camel case stays as it is.
pub fn pascal(name: &str) -> String {
    name.split('_').map(|word| word.get(..1).unwrap_or("").to_uppercase() + word.get(1..).unwrap_or("")).collect()
}

/// `postJob`, `PostJob` -> `post_job`.
pub fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut previous_lower = false;
    for char in name.chars() {
        if char.is_uppercase() && previous_lower {
            out.push('_');
        }
        previous_lower = char.is_lowercase() || char.is_ascii_digit();
        out.extend(char.to_lowercase());
    }
    out
}

/// A field or function name, escaped where it is a keyword.
pub fn ident(name: &str) -> String {
    const KEYWORDS: [&str; 17] = [
        "abstract", "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "final", "match",
        "move", "override", "ref", "type", "use",
    ];
    let name = snake(name);
    if KEYWORDS.contains(&name.as_str()) { format!("r#{name}") } else { name }
}

/// `stake_vault` -> `STAKE_VAULT`.
pub fn shouting(name: &str) -> String {
    snake(name).to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_rusts_conventions() {
        assert_eq!(pascal("post_job"), "PostJob");
        assert_eq!(pascal("JobPosted"), "JobPosted");
        assert_eq!(snake("JobPosted"), "job_posted");
        assert_eq!(snake("vram_mib"), "vram_mib");
        assert_eq!(snake("u64Value"), "u64_value");
        assert_eq!(ident("type"), "r#type");
        assert_eq!(shouting("staked_at"), "STAKED_AT");
    }
}
