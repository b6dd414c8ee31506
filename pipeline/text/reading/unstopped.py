"""English written without any punctuation: where a sentence begins by its words alone.

"The room was tiny the bed was hard we left early": somebody who types so ends a sentence by beginning the next one, with a new subject and
its verb. A boundary stands before a subject ("they", "my friend", "the lady at the desk") that a finite verb follows, once the sentence
that goes on has a verb and a word more, and nothing before the subject takes it in: no preposition, conjunction or verb, no "because" or
"who", no "told us", no "so bad that", no "table we had booked". In doubt there is none: two sentences in one blur a theme, half a sentence
misjudges it.

Linear in the length: one pass over the words, looking ahead and back over a bounded number of them.
"""

import re
from collections.abc import Iterator, Sequence

LEAST = 12
"""Words: nothing is looked for in a stretch of no more."""

PUNCTUATED = re.compile(r"[.!?…。,;:()](?!\d)")
"""Whoever writes one mark that parts words parts sentences with marks as well: such a text is left as it is. Not the one in "3.5"."""


def beginnings(text: str, start: int, stop: int) -> Iterator[int]:
    """Where sentences begin within text[start:stop], after the first one; in order."""
    tokens = list(_TOKEN.finditer(text, start, stop))
    if len(tokens) <= LEAST:
        return
    words = [token[0].lower().replace("’", "'") for token in tokens]
    for at in _Reader(words).beginnings():
        yield tokens[at].start()


class _Reader:
    """Goes through the words and keeps what the sentence that goes on has had so far."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.began = 0
        """Where it begins."""
        self.verb = -1
        """Its last finite verb, of whatever clause; before its beginning where it has none."""
        self.whole = False
        """Whether its main clause has a verb."""
        self.waits = False
        """Whether a subordinate clause has been opened that has no verb yet."""
        self.either = False
        """Whether "when" or "if" has been met: "they laughed when I asked the owner left" and "… when I asked he left" look alike."""

    def beginnings(self) -> Iterator[int]:
        words = self.words
        at = 0
        while at < len(words):
            verb = -1 if self._is_object(at) else _verb_of(words, at)
            if verb < 0:
                if self._is_free(at) and _without_subject(words, at, self.began):
                    self._begin(at, at)
                    yield at
                else:
                    self._pass(at)
                at += 1
                continue
            opening = self._opening(at)
            if self._is_free(opening) and verb + 1 < len(words) and not self._takes_in(opening, at, verb):
                self._begin(opening, verb)
                yield opening
            elif self.waits:
                self.waits = False
            elif not self.whole and at > self.began and words[self.began] in _NAMES and words[at] in _PRONOUNS:
                # "The fan they gave us made a noise": the verb of "the fan" is still to come.
                pass
            else:
                self.whole = True
            self.verb = verb
            at = verb + 1

    def _begin(self, at: int, verb: int) -> None:
        self.began, self.verb, self.whole, self.waits, self.either = at, verb, True, False, False

    def _pass(self, at: int) -> None:
        """A word that begins no subject with its verb."""
        word = self.words[at]
        if word in _SUBORDINATORS and (word not in _ALSO_PREPOSITIONS or _verb_of(self.words, at + 1) > 0):
            self.waits = True
            self.either = self.either or (word in _EITHER_SIDE and self.words[at - 1] not in _COMPLEMENTED)
        elif word in _CONJUNCTIONS and self.words[at + 1 : at + 2] and self.words[at + 1] in _PREPOSITIONS:
            # "But in the end they": the clause has its verb to come.
            self.waits = True
        elif _is_finite(self.words, at) or (at == self.began and (word in _BASES or _ED.fullmatch(word))):
            self.verb = at
            if self.waits:
                self.waits = False
            else:
                self.whole = True

    def _is_free(self, at: int) -> bool:
        """Whether the sentence could be over here: a main verb, a word more, and no clause that waits for its verb."""
        return (
            self.whole
            and not self.waits
            and not self.either
            and at > self.began
            and at > _after_adverbs(self.words, self.verb + 1)
        )

    def _opening(self, at: int) -> int:
        """Where the words begin that open the sentence of this subject: "unfortunately", "this time", "all"."""
        while at > self.began + 1 and at > self.verb + 1 and self.words[at - 1] in _OPENERS:
            at -= 1
        return at - 2 if self.words[max(0, at - 2) : at] in _OPENING_PAIRS and at - 2 > self.verb else at

    def _takes_in(self, opening: int, subject: int, verb: int) -> bool:
        """Whether what stands before the subject makes it a part of the sentence that goes on."""
        words = self.words
        before = words[opening - 1]
        if before in _LINKS or before in _COMPLEMENTED or before in _DETERMINERS:
            return True
        if any(word in _TELLING for word in words[max(self.began, opening - 4) : opening]):
            return True
        if any(_degree(words, place) for place in range(max(self.began, opening - 5), opening)):
            return True
        if words[subject] not in _PRONOUNS and not _CONTRACTED.fullmatch(words[subject]):
            return False
        if before in _INDEFINITE or (
            words[subject][0] in "iwy" and any(map(_SUPERLATIVE.fullmatch, words[max(self.began, opening - 6) : opening]))
        ):
            return True
        return words[subject] != "there" and self._may_be_noun(opening - 1) and not _filled(words, verb)

    def _is_object(self, at: int) -> bool:
        """Whether a preposition or a verb stands before, which takes what begins here as its object."""
        if at <= self.began or self.words[at] in _NOMINATIVE or _CONTRACTED.fullmatch(self.words[at]):
            return False
        if self.words[at - 1] in _PARTICLES and at - 2 > self.began and self.words[at - 2] in _BASES:
            at -= 1
        before = self.words[at - 1]
        if before in _PREPOSITIONS:
            return True
        if before in _INTRANSITIVE or before in _COMPLEMENTED:
            return False
        earlier = self.words[max(0, at - 2)]
        if _ED.fullmatch(before):
            # "Ruined our trip", but "the trip was ruined our guide left".
            return earlier not in _BE and earlier not in _ADVERBS
        if before.endswith("ing"):
            return before not in _NOUNS_IN_ING
        return before in _BASES or earlier in _BEFORE_INFINITIVE or self.verb == at - 1

    def _may_be_noun(self, at: int) -> bool:
        """Whether "we had booked" could belong to the word, and not only follow it."""
        word = self.words[at]
        return word[0].isalnum() and at > self.verb + 1 and word not in _NO_NOUNS and not word.endswith("ly")


def _verb_of(words: Sequence[str], at: int) -> int:
    """The place of the finite verb whose subject begins at `at`; -1 where none does."""
    word = words[at] if at < len(words) else ""
    if _CONTRACTED.fullmatch(word):
        return at
    if word in _PRONOUNS:
        verb = _after_adverbs(words, at + 1)
        follows = words[verb] if verb < len(words) else ""
        if word == "there":
            return verb if follows in _BE or follows in ("has", "had", "will", "seems") else -1
        spoken = follows in _FINITE or (word != "this" and _is_ed(words, verb)) or (word in _PLURAL and follows in _BASES)
        return verb if spoken else -1
    if word in _SUBJECTS and words[at + 1 : at + 2] and words[at + 1] in _BE:
        return -1 if at and words[at - 1] in _COMPOUNDED else at + 1
    return _verb_of_noun(words, at) if word in _DETERMINERS else -1


def _verb_of_noun(words: Sequence[str], at: int) -> int:
    """The same for "the lady at the desk was": an article, up to three words, perhaps "of" or "at" with up to three more."""
    place = at + 1
    for joined in (False, True):
        first = place
        while place < min(len(words), first + 3) and _is_plain(words[place]) and not (place > first and _is_finite(words, place)):
            # "The waiter forgot", but "the food served was" and "the damaged box was".
            if place > first and _is_ed(words, place) and not any(_is_finite(words, near) for near in _near(words, place + 1)):
                return place
            place += 1
        if place == first or place >= len(words):
            return -1
        verb = _after_adverbs(words, place)
        if verb < len(words) and (_is_finite(words, verb) or (verb > place and _is_ed(words, verb))):
            return verb
        if not joined and (words[place] in _RELATIVES or (words[place] in _NOMINATIVE and words[place - 1] not in _TIMES)):
            return _verb_after_relative(words, place)
        if words[place] not in _JOINING:
            # Three words of a noun, and then "complained".
            return place if place == first + 3 and _is_ed(words, place) else -1
        place += 2 if words[place + 1 : place + 2] and words[place + 1] in _ARTICLES else 1
    return -1


def _near(words: Sequence[str], at: int) -> Iterator[int]:
    """The places of the next three words, as far as no new subject begins."""
    for place in range(at, min(len(words), at + 3)):
        if words[place] in _PRONOUNS or words[place] in _CONJUNCTIONS:
            return
        yield place


def _verb_after_relative(words: Sequence[str], at: int) -> int:
    """ "The woman (I spoke to) could": the second finite verb within a few words, for the first is the relative clause's own."""
    seen = False
    for place in range(at + 1, min(len(words), at + 8)):
        if words[place] in _CONJUNCTIONS or words[place] in _SUBORDINATORS or (seen and words[place] in _NOMINATIVE):
            return -1
        if _is_finite(words, place):
            if seen and words[place] not in ("have", "do", "had"):
                return place
            seen = True
        elif not seen and (words[place] in _BASES or _is_ed(words, place) or words[place] in _INTRANSITIVE):
            seen = True
    return -1


def _without_subject(words: Sequence[str], at: int, began: int) -> bool:
    """ "Highly recommend", "would stay again", "never again", "do not buy": what ends reviews, and needs no subject."""
    before = words[at - 1]
    if before in _LINKS or before in _FINITE or before in _PRONOUNS or before in _ADVERBS:
        return False
    word = words[at]
    after = _after_adverbs(words, at + 1)
    follows = words[after] if after < len(words) else ""
    if word in ("highly", "never"):
        return words[at + 1 : at + 2] in (["recommend"], ["recommended"], ["again"])
    if word in ("would", "will", "wouldn't", "won't"):
        again = follows in ("recommend", "return") or words[after + 1 : after + 2] in (["again"], ["back"])
        return again and not any(said in _COMPLEMENTED for said in words[max(began, at - 8) : at])
    return (word == "don't" and follows in _WARNED) or (word == "do" and words[at + 1 : at + 2] == ["not"] and follows in _WARNED)


def _filled(words: Sequence[str], verb: int) -> bool:
    """Whether a verb has its own object: "we had booked" lacks one after "a table", "we had a bad night" does not."""
    word = words[verb]
    after = words[verb + 1] if verb + 1 < len(words) else ""
    if word in _BE or _IS.fullmatch(word):
        return after not in _PREPOSITIONS and not after.endswith("ing")
    if (word.endswith("n't") or after == "not") and not word.startswith("d"):
        # "I have not heard from them", but "dishes they do not like".
        return True
    if word in _AUXILIARIES or _CONTRACTED.fullmatch(word):
        place = _after_adverbs(words, verb + 1)
        if place < len(words) and words[place] in ("be", "been"):
            return words[place + 1 : place + 2] != [] and words[place + 1] not in _PREPOSITIONS
        if after not in _FILLING:
            verb = place
    if words[verb + 1 : verb + 2] and words[verb + 1] in _PARTICLES:
        verb += 1
    near, beyond = ([*words[verb + 1 : verb + 3], "", ""])[:2]
    if words[verb] in _INTRANSITIVE:
        return near not in _PREPOSITIONS or beyond in _FILLING
    if near in _NUMBERS or near.isdigit():
        # "We had booked two weeks before" has no object.
        return beyond not in _TIMES
    return near in _FILLING


def _degree(words: Sequence[str], at: int) -> bool:
    """Whether "so" or "such" says how much here, which the next subject and verb explain: "so loud we left"."""
    return words[at] == "such" or (words[at] == "so" and _verb_of(words, at + 1) < 0 and words[at + 1] != "far")


def _after_adverbs(words: Sequence[str], at: int) -> int:
    stop = min(len(words), at + 3)
    while at < stop and words[at] in _ADVERBS:
        at += 1
    return at


def _is_finite(words: Sequence[str], at: int) -> bool:
    return words[at] in _FINITE and not (at and (words[at - 1] == "to" or words[at - 1] in _ARTICLES))


def _is_ed(words: Sequence[str], at: int) -> bool:
    return at < len(words) and _ED.fullmatch(words[at]) is not None and words[at + 1 : at + 2] != ["by"]


def _is_plain(word: str) -> bool:
    return word[0].isalnum() and word not in _GRAMMAR


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_TOKEN = re.compile(r"\w{1,60}(?:['’]\w{1,60})?|[^\w\s]")
_ED = re.compile(r"\w{2,58}[^e]ed")
_CONTRACTED = re.compile(r"(?:i|we|they|he|she|it|you|there)'(?:m|s|re|ve|d|ll)|im|ive|theyre|theyve|youre|theres|weve")
_IS = re.compile(r"\w{1,8}'(?:m|s|re)|im|theyre|youre|theres")

_NOMINATIVE = _words("i we they he she")
_PLURAL = _words("i we they you")
_PRONOUNS = _NOMINATIVE | _words("it you this there nobody everyone everybody someone somebody everything nothing")
_DETERMINERS = _words("the my our their his its your these those this")
_ARTICLES = _DETERMINERS | _words("a an no any every each some only another")
_NAMES = _DETERMINERS | _words("everything anything all every a an")
"""What a sentence begins with whose subject is a noun."""

_SUBJECTS = _words("staff food service breakfast location wifi delivery")
"""Nouns that reviews write without an article."""
_COMPOUNDED = _words("customer room food bar table staff home friendly hotel free")

_BE = _words("is are was were isn't aren't wasn't weren't isnt arent wasnt werent am")
_AUXILIARIES = _BE | _words(
    """have has had do does did can could will would should must may might haven't hasn't hadn't don't doesn't didn't can't
    couldn't won't wouldn't shouldn't cannot havent hasnt hadnt dont doesnt didnt cant couldnt wont wouldnt shouldnt"""
)
_FINITE = _AUXILIARIES | _words(
    """came went took gave got said told made felt knew saw found left kept lost sent broke ate drank bought paid brought thought
    forgot became began sat slept stood spoke spent ran rang fell threw woke wore wrote heard held met let put understood drove
    flew chose caught taught sold grew rode shook stole stuck works looks seems takes needs gets keeps costs tastes smells feels
    fits comes goes makes gives says knows lasts runs wants opens closes charges crashes freezes shows lets asks tells sells
    serves offers stays has stops starts sounds loves likes hates wears uses means helps loads drops breaks falls cares happens
    turns treats ends spells leaves arrives"""
)
_BASES = _words(
    """love like hate think know want need recommend use go buy feel get give hope wish say see find work look take come make keep
    believe guess suppose eat order stay ask tell charge send call let put pay understand agree wait wear expect appreciate thank
    avoid try live throw waste"""
)
_INTRANSITIVE = _words(
    """sleep work come go arrive complain wait stay return leave eat talk listen help smile laugh land complained laughed smiled
    arrived waited stayed returned landed slept went came sat left worked talked listened close open load start stop"""
)
_ADVERBS = _words(
    """really also just never always even still only both all definitely absolutely already now then finally actually often
    usually sometimes truly fully almost nearly hardly barely not honestly certainly simply quickly eventually highly immediately
    probably"""
)
_EITHER_SIDE = _words("when if once whenever after before while whilst although though as since despite")
_ALSO_PREPOSITIONS = _words("after before since until as than like because once while")
_RELATIVES = _words("who which that")
_SUBORDINATORS = (
    _EITHER_SIDE
    | _RELATIVES
    | _words(
        """because although though since until whilst despite as wherever whether unless whereas than like how why what where whose
    cos cause coz cuz eventhough"""
    )
)
_CONJUNCTIONS = _words("and or but nor so yet & / + - –")
_PREPOSITIONS = _words(
    """in on at for from with without by of to into onto about over under above below near behind beside between during through
    against across around inside outside per via towards along despite except including beyond within versus"""
)
_JOINING = _words("of at in on for from with behind")
_LINKS = _CONJUNCTIONS | _PREPOSITIONS | _SUBORDINATORS
_GRAMMAR = (
    _CONJUNCTIONS | _PREPOSITIONS | _SUBORDINATORS | _AUXILIARIES | _PRONOUNS | _ARTICLES | _words("me us him them her not to")
) - {"only"}
_BEFORE_INFINITIVE = _words(
    """to not can could will would should must may might didn't don't doesn't can't couldn't won't wouldn't"""
)
_TELLING = _words("told tell tells telling assured promised informed warned convinced")
_NOUNS_IN_ING = _words(
    """morning evening thing nothing something everything anything building ceiling parking wedding meeting booking seating
    lighting"""
)
_INDEFINITE = _words("something anything everything nothing all one ones things else everytime everywhere anywhere")
_SUPERLATIVE = re.compile(r"best|worst|first|only|last|most|least|\w{3,12}[^aeiou]est")
_NO_NOUNS = _ADVERBS | _words(
    """again too back though tho well either ever anyway together alone better worse us me him her them it this late early good
    great bad nice clean dirty cold hot cheap expensive rude helpful broken empty full worn comfortable amazing awful terrible
    perfect fine ok okay"""
)
_COMPLEMENTED = _TELLING | _words(
    """think thinks thought asked showed said say says saying know knows knew hope hopes hoped hoping feel felt wish wished guess
    believe believed suppose sure glad happy sorry sad notice noticed realise realised realize realized find found see saw seen
    heard hear claimed claims claim explained mean means meant suggest suggested recommend expect expected imagine bet swear admit
    admitted insisted wonder wondered ensure check checked surprised disappointed afraid worried aware doubt remember forgot
    assume assumed decided agreed made make let lets thankful grateful confirm confirmed discovered learned shame pity fact
    claiming considering saying thinking recognize recognise given provided seems appears realizing realising time way moment
    reason"""
)
_OPENERS = _words(
    """however surely occasionally admittedly surprisingly interestingly basically secondly firstly lastly additionally
    furthermore moreover otherwise now lately previously personally anyways nevertheless nonetheless hence thus bizarrely
    meanwhile instead sometimes strangely generally usually then also plus overall unfortunately luckily sadly thankfully honestly
    finally eventually all both half even only maybe perhaps apparently obviously fortunately"""
)
_OPENING_PAIRS = (["this", "time"], ["in", "fact"], ["at", "first"], ["after", "that"], ["of", "course"])
_WARNED = _words("buy book waste go stay use bother order download recommend eat")
_PARTICLES = _words("out up off back down away")
_NUMBERS = _words("one two three four five six seven eight nine ten twelve twenty thirty fifty sixty hundred half")
_TIMES = _words(
    """day days week weeks month months year years hour hours minute minutes time times night nights morning evening afternoon"""
)
_FILLING = _ARTICLES | _words("me us him them it you her myself how why what that very so too extremely quite pretty")
