// What the page says, in Fluent, and how numbers and times are written. Texts of a campaign are its own.

import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";
import en from "../texts/en.ftl";
import fa from "../texts/fa.ftl";
import ru from "../texts/ru.ftl";

/** A language that the page speaks. */
export type Language = "en" | "ru" | "fa";

/** All of them, each by its own name and the first letters of it. */
export const LANGUAGES: readonly { tag: Language; name: string; short: string }[] = [
  { tag: "en", name: "English", short: "En" },
  { tag: "ru", name: "Русский", short: "Ру" },
  { tag: "fa", name: "فارسی", short: "فا" },
];

const SOURCES: Record<Language, string> = { en, ru, fa };

/** One language at a time. */
export class Texts {
  language: Language = "en";
  #bundle = bundle("en");

  /** Changes the language, of the whole document too. */
  speak(language: Language): void {
    this.language = language;
    this.#bundle = bundle(language);
    document.documentElement.lang = language;
    document.documentElement.dir = language === "fa" ? "rtl" : "ltr";
  }

  /** The text of a key. Every key exists in every language: a test sees to it. */
  say(key: string, values: Record<string, FluentVariable> = {}): string {
    const message = this.#bundle.getMessage(key);
    return message?.value ? this.#bundle.formatPattern(message.value, values, []) : key;
  }

  /** Whether there is such a text. */
  knows(key: string): boolean {
    return this.#bundle.hasMessage(key);
  }

  /** A campaign's text in this language, or in one that it has. */
  of(text: Record<string, string>): string {
    return text[this.language] ?? text["en"] ?? Object.values(text)[0] ?? "";
  }

  /** A moment given in Unix seconds, with its time zone, because some browsers hide the local one. */
  time(seconds: number): string {
    return this.#date(seconds, { day: "numeric", month: "long", year: "numeric" });
  }

  /** The same without the day, if it is today. */
  soon(seconds: number): string {
    const today = new Date().toDateString() === new Date(seconds * 1000).toDateString();
    return today ? this.#date(seconds, {}) : this.time(seconds);
  }

  #date(seconds: number, day: Intl.DateTimeFormatOptions): string {
    // as the overview writes it: one calendar on both pages, and the day before the month
    const locale = this.language === "en" ? "en-GB" : this.language;
    const time = { calendar: "gregory", hour: "2-digit", minute: "2-digit", timeZoneName: "short" } as const;
    return new Intl.DateTimeFormat(locale, { ...day, ...time }).format(new Date(seconds * 1000));
  }
}

/** The language asked for by the link, else the first of the browser's that the page speaks. */
export function preferred(asked: string | null): Language {
  const wanted = [asked ?? "", ...navigator.languages].map((tag) => tag.toLowerCase().split("-")[0]);
  const found = wanted.flatMap((tag) => LANGUAGES.filter((language) => language.tag === tag));
  return found[0]?.tag ?? "en";
}

function bundle(language: Language): FluentBundle {
  const made = new FluentBundle(language, { useIsolating: language === "fa" });
  made.addResource(new FluentResource(SOURCES[language]));
  return made;
}
