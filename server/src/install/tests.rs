use super::*;

fn machine() -> Machine {
    Machine {
        host: "count.example.org".to_owned(),
        onion: Some(format!("{}.onion", "a2".repeat(28))),
        user: "headcount".to_owned(),
        data: PathBuf::from("/srv/count/campaign"),
    }
}

fn files(machine: &Machine) -> Vec<(&'static str, String)> {
    let fill = |(name, template): (&'static str, &str)| (name, machine.fill(template, Path::new("here")));
    FILES.into_iter().chain([("next", include_str!("../../install/next.txt"))]).map(fill).collect()
}

#[test]
fn every_file_is_filled_in_with_and_without_an_onion_service() {
    let open = |text: &str| {
        let named = |part: &&str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_uppercase() || c == b'_');
        text.split('@').skip(1).find(named).map(str::to_owned)
    };
    assert_eq!(open("a @HOST@ b").as_deref(), Some("HOST"));
    let (with, without) = (machine(), Machine { onion: None, ..machine() });
    for (name, text) in files(&with).into_iter().chain(files(&without)) {
        assert_eq!(open(&text), None, "{name}");
        assert!(name != "caddy.json" || serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
    }
    let told = |machine| files(&machine).iter().filter(|(_, text)| text.contains("Onion-Location")).count();
    assert_eq!((told(with), told(without)), (2, 0));
    // it stands in single quotes in nginx's language, where a dollar begins a variable
    let refusals = [document(Problem::Unavailable), document(Problem::TooLarge)];
    assert!(refusals.iter().all(|text| !text.contains(['\'', '$', '\\'])));
}

#[test]
fn a_host_an_onion_service_a_user_or_a_folder_that_is_none_is_refused() {
    let long = format!("{}.org", "a".repeat(64));
    let hosts = [
        "",
        "count",
        "Count.example.org",
        "https://a.org",
        "a.org:443",
        "a..org",
        "-a.org",
        "a-.org",
        "10.0.0.1",
        "a.org;",
        "a b.org",
        "ä.org",
        &long,
        "a.org\n",
        "*.a.org",
    ];
    let onions = ["", "a.onion", &"a".repeat(56), &format!("{}.onion", "a1".repeat(28)), "http://a.onion"];
    let users = ["", "root", "Head", "1a", "a b", "a:b", "-a", &"a".repeat(32)];
    let folders = [
        "",
        "/",
        "/var",
        "var/lib/x",
        "/var/../etc/x",
        "/a b/c",
        "/a/%i",
        "/a/\"b",
        "/tmp/x/y",
        "/run/a",
        "/dev/shm/x",
        "/srv/x",
        "/var/lib/headcount",
        "/var/lib/headcount/",
    ];
    let given = |change: &dyn Fn(&mut Machine)| {
        let mut machine = machine();
        change(&mut machine);
        machine.check().map_err(|error| error.sentence())
    };
    given(&|_| ()).unwrap();
    for (good, host) in [(true, "a.org"), (true, "xn--e1aybc.example"), (false, "a.onion")] {
        assert_eq!(given(&|machine| machine.host = host.to_owned()).is_ok(), good, "{host}");
    }
    let mut refused = Vec::new();
    refused.extend(hosts.map(|host| given(&|machine| machine.host = host.to_owned())));
    refused.extend(onions.map(|onion| given(&|machine| machine.onion = Some(onion.to_owned()))));
    refused.extend(users.map(|user| given(&|machine| machine.user = user.to_owned())));
    refused.extend(folders.map(|data| given(&|machine| machine.data = PathBuf::from(data))));
    for sentence in refused {
        let sentence = sentence.unwrap_err();
        assert!(sentence.starts_with("--") && sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
    }
}

#[test]
fn nothing_is_overwritten_and_what_was_there_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("new/deep");
    let told = install(&machine(), &to).unwrap();
    assert!(
        told.contains("/srv/count/campaign")
            && told.contains("install -d -m 0700 -o headcount -g headcount /srv/count\n")
    );
    let read = |name: &str| std::fs::read_to_string(to.join(name)).unwrap();
    assert!(FILES.iter().all(|(name, _)| !read(name).is_empty()));
    std::fs::write(to.join("torrc"), "mine").unwrap();
    std::fs::remove_file(to.join("nginx.conf")).unwrap();
    let sentence = install(&machine(), &to).unwrap_err().sentence();
    assert!(sentence.contains("headcount.service is there already"), "{sentence}");
    assert_eq!(read("torrc"), "mine");
    assert!(!to.join("nginx.conf").exists());
}
