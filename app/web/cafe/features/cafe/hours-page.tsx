import { useQuery } from "@tanstack/react-query";
import { Loaded, Page } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";
import { ownCafeQuery } from "./cafe-queries.ts";
import { HolidaysEditor } from "./holidays-editor.tsx";
import { HoursEditor } from "./hours-editor.tsx";
import { PauseCard } from "./pause-card.tsx";

export function HoursPage() {
  const w = useWords();
  const cafe = useQuery(ownCafeQuery);
  return (
    <Page title={w.nav.hours} what={w.hours.what}>
      <Loaded query={cafe}>
        {(own) => (
          <>
            <PauseCard cafe={own} />
            <div className="two">
              <HoursEditor cafe={own} />
              <HolidaysEditor cafe={own} />
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}
