/** A line of text and a button that enters it. */
import { useSignal } from '@preact/signals'

interface LineFormProps {
  /** Of the input; tests find it by the same. */
  readonly id: string
  /** For those who hear the page. */
  readonly label: string
  readonly placeholder: string
  readonly button: string
  readonly charsMax: number
  /** Called with what was written, trimmed, and not for nothing. */
  readonly enter: (text: string) => void
}

export function LineForm({ id, label, placeholder, button, charsMax, enter }: LineFormProps) {
  const text = useSignal('')
  return (
    <form
      class="message-box"
      onSubmit={(event) => {
        event.preventDefault()
        if (text.value.trim()) enter(text.value.trim())
        text.value = ''
      }}
    >
      <label class="unseen" for={id}>
        {label}
      </label>
      <input
        id={id}
        data-testid={id}
        placeholder={placeholder}
        autocomplete="off"
        maxLength={charsMax}
        value={text.value}
        onInput={({ currentTarget }) => (text.value = currentTarget.value)}
      />
      <button type="submit" class="primary">
        {button}
      </button>
    </form>
  )
}
