//! What the overview says in its own words, per language. Campaigns bring their own titles, texts and names.

use protocol::publication::State;

/// The sentences of one language. `{}` stands for what is put in.
pub(super) struct Words {
    pub(super) rehearsal: &'static str,
    pub(super) hoped_for: &'static str,
    pub(super) groups: &'static str,
    pub(super) whereabouts: &'static str,
    pub(super) place: &'static str,
    pub(super) published: &'static str,
    pub(super) rest_of_region: &'static str,
    pub(super) rest_of_all: &'static str,
    pub(super) check: &'static str,
    pub(super) campaign_words: &'static str,
    pub(super) as_numbers: &'static str,
    pub(super) campaign_id: &'static str,
    pub(super) recount: &'static str,
    states: [&'static str; 5],
}

impl Words {
    /// The words of a language, English where there are none.
    pub(super) fn of(lang: &str) -> &'static Self {
        if lang == "ru" { &RUSSIAN } else { &ENGLISH }
    }

    /// What a state means for a reader; `{}` is the time of the next numbers.
    pub(super) fn state(&self, state: State) -> &'static str {
        self.states[match state {
            State::Before => 0,
            State::Collecting => 1,
            State::Open => 2,
            State::Closing => 3,
            State::Closed => 4,
        }]
    }
}

const ENGLISH: Words = Words {
    rehearsal: "REHEARSAL. These people are simulated or practising.",
    hoped_for: "counted and published, of {} hoped for",
    groups: "Numbers appear in groups of at least {}. Smaller ones wait, so that nobody can be told from a number.",
    whereabouts: "Where",
    place: "Place",
    published: "Published",
    rest_of_region: "smaller numbers of this region together",
    rest_of_all: "Smaller numbers of all regions together",
    check: "Check it yourself",
    campaign_words: "This campaign's words, the same on every poster and screen:",
    as_numbers: "or as numbers:",
    campaign_id: "Campaign id:",
    recount: "Recount the public log:",
    states: [
        "The campaign has not opened yet.",
        "Tokens can be had now; pledging opens later, for all at once.",
        "The campaign is open. The next numbers are due at {}.",
        "The campaign is about to close. The next numbers are due at {}.",
        "The campaign has closed. These numbers are final.",
    ],
};

const RUSSIAN: Words = Words {
    rehearsal: "РЕПЕТИЦИЯ. Эти люди вымышлены программой или упражняются.",
    hoped_for: "сосчитано и опубликовано; надеемся на {}",
    groups: "Числа появляются группами не меньше {}. Меньшие ждут, чтобы по числу нельзя было узнать человека.",
    whereabouts: "Где",
    place: "Место",
    published: "Опубликовано",
    rest_of_region: "меньшие числа этого региона вместе",
    rest_of_all: "Меньшие числа всех регионов вместе",
    check: "Проверьте сами",
    campaign_words: "Слова этой кампании, одни и те же на каждом плакате и экране:",
    as_numbers: "или числами:",
    campaign_id: "Номер кампании:",
    recount: "Пересчитать открытый журнал:",
    states: [
        "Кампания ещё не началась.",
        "Сейчас можно получить жетон; отметиться можно будет позже, всем сразу.",
        "Кампания идёт. Следующие числа ожидаются {}.",
        "Кампания скоро закроется. Следующие числа ожидаются {}.",
        "Кампания закрыта. Эти числа окончательные.",
    ],
};
