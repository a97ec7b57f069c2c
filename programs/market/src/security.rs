//! Where to report a vulnerability, in the program's own image, as `security.txt` for Solana programs defines it.

/// The contact, at the marker that the format names, in every program built from this repository.
#[macro_export]
macro_rules! security_contact {
    ($name:literal) => {
        #[cfg(not(feature = "no-entrypoint"))]
        #[cfg_attr(target_os = "solana", link_section = ".security.txt")]
        #[no_mangle]
        #[used]
        #[allow(non_upper_case_globals)]
        pub static security_txt: &str = concat!(
            "=======BEGIN SECURITY.TXT V1=======\0",
            "name\0",
            $name,
            "\0",
            // The repository names no public address yet: whoever publishes it puts it here.
            "project_url\0",
            "the repository this program is built from\0",
            "contacts\0",
            "other:private security advisories of that repository\0",
            "policy\0",
            "SECURITY.md in that repository\0",
            "preferred_languages\0",
            "en\0",
            "=======END SECURITY.TXT V1=======\0"
        );
    };
}

security_contact!("Proofmill market");
