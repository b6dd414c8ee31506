"""The commonest words and spellings of languages in Latin script: what tells them apart where a text has three words.

Function words, and what customers say everywhere: good and bad, fast and slow, never and always. A word that two languages write
alike ("warm", "parking", "last") stands in both lists, or it would pull the texts of one into the other.
"""

import re
from collections.abc import Mapping

_LISTS = {
    "en": """the a an and or but of to in on at for from with without by is are was were be been am it its this that these those there
        here i you he she we they me my your his her our their not no never always very too so really just only also even still again
        more most less much many some any all every nothing everything nobody everyone what which who when where why how if because
        than then as have has had do does did don't didn't doesn't isn't wasn't can't won't can could would should will get got go
        going went come came back make made take took use used work works worked working need want think know love loved like liked
        hate good great nice bad best better worst worse terrible awful amazing excellent poor perfect fine happy easy hard fast slow
        quick cheap expensive clean dirty small big new old cold hot late early long short price money time day days hour hours week
        month year people staff service customer support room food place product quality order ordered delivery recommend
        recommended buy bought money please thanks thank waste avoid helpful friendly rude stay""",
    "de": """der die das den dem des ein eine einen einem einer und oder aber nicht kein keine nie immer sehr zu so wirklich nur auch noch
        schon wieder mehr viel viele alle alles nichts jemand niemand was wer wann wo warum wie wenn weil dass als ich du er sie es wir
        ihr mich mir uns sich mein meine unser ist sind war waren sein bin hat haben hatte wird werden wurde kann konnte muss soll
        würde geht ging kommt kam macht gemacht in im an am auf aus bei mit nach von vor für über unter durch ohne gegen bis um zum zur
        gut gute guter gutes super toll schlecht schlechte besser beste schlimm leider gerne zufrieden einfach schwer schnell schnelle
        langsam billig teuer sauber schmutzig klein groß neu alt kalt heiß spät früh lang kurz preis geld zeit tag tage stunden
        woche jahr leute personal bedienung zimmer essen hotel ware qualität bestellung bestellt lieferung empfehlen empfehlenswert
        kaufen gekauft bitte danke hilfe freundlich unfreundlich nett hier da dort jetzt heute ganz alles""",
    "fr": """le la les l un une des du de d et ou mais ne pas plus jamais toujours très trop si vraiment seulement aussi encore déjà tout
        tous toute rien personne que qui quoi quand où pourquoi comment parce je j tu il elle nous vous ils on me moi mon ma mes notre
        votre son sa ses leur ce cette ces c est sont était être suis ai a ont avons avait avoir été fait faire va aller peut
        dans en sur sous avec sans pour par chez avant après depuis bien bon bonne mauvais mauvaise nul nulle mieux meilleur pire super
        excellent parfait déçu content contente satisfait facile difficile rapide lent cher chère propre sale petit grand nouveau
        froid chaud tard long prix argent temps jour jours heure heures semaine année gens personnel accueil chambre repas
        produit qualité commande commandé livraison recommande recommander acheter acheté merci aide gentil agréable désagréable ici
        là beaucoup peu dommage service aucun aucune""",
    "es": """el la los las lo un una unos unas de del y o pero no ni nunca siempre muy demasiado tan también solo aún ya todo todos toda
        nada nadie que qué quien cuando donde porque como yo tú él ella nosotros ellos me mi mis nos su sus te se le les este esta
        esto ese esa es son era fue ser estoy está están estaba estar soy he ha han hemos había hay hace hacer hecho va voy puede
        en a al con sin por para desde hasta sobre entre más menos mucho mucha poco poca bien mal bueno buena buen malo mala mejor peor
        excelente perfecto pésimo horrible contento contenta satisfecho fácil difícil rápido rápida lento caro cara barato limpio
        limpia sucio pequeño grande nuevo viejo frío caliente tarde largo precio dinero tiempo día días hora horas semana año gente
        personal trato atención habitación comida producto calidad pedido pedí envío entrega recomiendo recomendable comprar compré
        gracias ayuda amable amables aquí vez otra volver volveré""",
    "it": """il lo la i gli le l un uno una di del della dei delle e o ma non né mai sempre molto molta troppo così anche solo ancora già tutto
        tutti tutta niente nulla nessuno nessuna che chi cosa quando dove perché come io tu lui lei noi voi loro mi mio mia miei ci vi
        si suo sua questo questa quello è sono era erano essere ho ha hanno abbiamo aveva avere stato stata fatto fare va può in
        nel nella a al alla con senza per da dal dalla su sul tra più meno poco poca bene male buono buona buon cattivo migliore meglio
        peggio peggiore ottimo ottima pessimo pessima perfetto eccellente deluso contento contenta soddisfatto soddisfatta facile
        difficile veloce lento caro cara economico pulito pulita sporco piccolo grande nuovo vecchio freddo caldo tardi lungo prezzo
        soldi tempo giorno giorni ora ore settimana anno gente personale accoglienza camera cibo prodotto qualità ordine ordinato
        consegna consiglio consigliato comprare comprato grazie aiuto gentile gentili qui volta tornare tornerò sconsiglio davvero""",
    "pt": """o a os as um uma uns umas de do da dos das e ou mas não nem nunca sempre muito muita demais tão também só ainda já tudo todos
        toda nada ninguém que quem quando onde porque como eu você ele ela nós vocês eles me meu minha meus nos seu sua se te lhe este
        esta isto isso esse essa é são era foi ser estou está estão estava estar sou tenho tem têm tinha há faz fazer feito vai vou pode
        em no na nos nas ao à com sem por pelo pela para até desde sobre entre mais menos pouco pouca bem mal bom boa mau má melhor
        pior ótimo ótima péssimo péssima excelente perfeito horrível contente satisfeito satisfeita fácil difícil rápido rápida
        lento caro cara barato limpo limpa sujo pequeno grande novo velho frio quente tarde longo preço dinheiro tempo dia dias hora
        horas semana ano gente pessoal atendimento quarto comida produto qualidade pedido encomenda entrega recomendo comprar comprei
        obrigado obrigada ajuda simpático aqui vez voltar voltarei gostei adorei""",
    "nl": """de het een en of maar niet geen nooit altijd heel erg zeer te zo echt alleen ook nog al weer meer veel alle alles niets niemand
        iemand wat wie wanneer waar waarom hoe als omdat dat dan ik jij je hij zij ze wij we jullie mij me mijn ons onze hun zich deze dit
        is zijn was waren ben heb heeft hebben had wordt worden werd kan kon moet zou gaat ging komt kwam doet gedaan in op aan uit bij
        met naar van voor over onder door zonder tegen tot om goed goede slecht slechte beter beste super prima leuk mooi jammer
        helaas graag tevreden makkelijk moeilijk snel snelle traag goedkoop duur schoon vies klein groot nieuw oud koud warm laat lang
        kort prijs geld tijd dag dagen uur week jaar mensen personeel bediening kamer eten kwaliteit besteld bestelling levering
        geleverd aanrader aanbevelen kopen gekocht bedankt dank hulp vriendelijk onvriendelijk aardig hier daar nu vandaag""",
}

_ALSO = {
    "en": """arrived ask asked away before after broke broken call called care cancel cancelled charge closed comfortable company
        customers disappointed each ever experience far feel felt few first found fresh full give given help helped honest
        horrible however kept last lost lovely may might missing must next off once open other own paid parking pay phone
        pleasant pretty problem quickly quiet refund refused reliable return returned right same say sent since slowly smell
        smells something soon started stop stopped sure taste tasty tell thing though times tiny today told twice until up
        value visit wait waited waiting wanted warm water whole wonderful worth wrong years yet absolutely beautiful breakfast
        bathroom definitely highly noisy overpriced rooms spotless stale tired totally uncomfortable unhelpful useless well
        while""",
    "de": "problem warm last taste",
    "fr": "horrible charge parking",
    "es": "once parking",
    "it": "care parking",
    "nl": "open water last parking",
}
"""Words that tell a language too, but that name things or say what is wrong with them, so that a term of a complaint may hold them."""

_SPELLINGS = {
    "en": r"th|wh|ght|\w(?:ing|ed|ly|ness)\b|'(?:s|t|re|ve)\b",
    "de": r"[äöüß]|sch|\w(?:ung|lich|keit|heit|isch|ig)\b|\bge\w+t\b|tz|pf",
    "fr": r"[èêçàùœ]|é\w?e?s?\b|\b[ldcjnmstq]u?'|eau|\w(?:eux|euse|tion|ment|ez|ait|oir)\b|ll?e\b|oi",
    "es": r"[ñ¿¡]|\w(?:ción|dad|mente|ado|ados|ando|iendo|aron|ieron|amos|emos)\b|[áíóú]|ll|ie|ue|j",
    "it": r"[àèìòù]|zz|gli|gn|\w(?:zione|tà|mente|ato|ata|ati|ava|are|ere|ire|issimo|issima)\b|cch|tt|\bs[cfptv]|\w[iou]\b",
    "pt": r"[ãõ]|ç|\w(?:ção|ções|dade|mente|ado|ando|endo|aram|eram|amos|emos|ou|eiro|eira)\b|[áêóú]|lh|nh|\w[mo]\b",
    "nl": r"ij|aa|oo|ee|uu|sch|\w(?:lijk|heid|ing|tje|en)\b|\bge\w+(?:d|t|en)\b|oe|ui|ou",
}

COMMONEST: Mapping[str, frozenset[str]] = {code: frozenset(listed.split()) for code, listed in _LISTS.items()}
"""They name nothing that could be complained of."""
WORDS: Mapping[str, frozenset[str]] = {code: words | frozenset(_ALSO.get(code, "").split()) for code, words in COMMONEST.items()}
"""They tell a language."""
SPELLINGS: Mapping[str, re.Pattern[str]] = {code: re.compile(written) for code, written in _SPELLINGS.items()}
