;;; Uses eglot as a person does, and prints what came of it.  -*- lexical-binding: t; -*-
;; Started by test_emacs.py: the files it opens lie in the current folder, the person's configuration
;; in init.el there.

(require 'json)
(require 'seq)

;; An unpacked Emacs can't start itself anew, as native compilation does.
(setq native-comp-enable-subr-trampolines nil
      native-comp-jit-compilation nil)

(load (expand-file-name "init.el") nil t)
(setq eglot-sync-connect 30
      eglot-confirm-server-initiated-edits nil
      eglot-confirm-server-edits nil
      make-backup-files nil
      last-nonmenu-event ?\r) ; as if by keyboard, so that questions are asked in the minibuffer

(defun tell (step text)
  (princ (concat "\n" (json-serialize (list :step step :text text)) "\n")))

(defun wait-until (condition)
  "Let the server's messages in until CONDITION gives something, some seconds at most."
  (let ((end (+ (float-time) 20)) found)
    (while (not (or (setq found (funcall condition)) (> (float-time) end)))
      (accept-process-output nil 0.05))
    found))

(defun choose (wanted)
  "Answer the next question with the choice whose text begins with WANTED."
  (fset 'completing-read
        (lambda (_prompt collection &rest _)
          (seq-find (lambda (choice) (string-prefix-p wanted choice))
                    (all-completions "" collection)))))

(defvar said "" "All messages.")
(advice-add 'message :before
            (lambda (format &rest arguments)
              (when format (setq said (concat said (apply #'format format arguments) "\n")))))

(defun shown (wanted)
  "The text with WANTED in it, in a message or a Markdown file."
  (if (string-match-p wanted said)
      said
    (seq-some (lambda (buffer)
                (with-current-buffer buffer
                  (and (string-suffix-p ".md" (or buffer-file-name ""))
                       (string-match-p wanted (buffer-string))
                       (buffer-string))))
              (buffer-list))))

(defun complete-at-the-end ()
  "Take what the menu has there; it is empty until the model is loaded."
  (goto-char (point-max))
  (let ((before (buffer-string)))
    (wait-until (lambda ()
                  (ignore-errors (completion-at-point))
                  (not (equal before (buffer-string)))))
    (buffer-string)))

(find-file "file.py")
(apply #'eglot--connect (eglot--guess-contact)) ; what M-x eglot does, and eglot-ensure later
(wait-until (lambda () (eglot-managed-p)))
(tell "attached" (if (eglot-managed-p) "yes" "no"))

(tell "completed" (complete-at-the-end))

(codellama-explain (point-min) (progn (goto-char (point-min)) (line-end-position 2)))
(tell "explained" (or (wait-until (lambda () (shown "forty-two"))) "nothing"))

(switch-to-buffer "file.py")
(choose "Fix")
(let ((before (buffer-string)) (end (progn (goto-char (point-min)) (line-end-position 2))))
  (eglot-code-actions (point-min) end nil t)
  (wait-until (lambda () (not (equal before (buffer-string))))))
(tell "fixed" (buffer-string))

(undo-boundary)
(let ((before (buffer-string)) (end (progn (goto-char (point-min)) (line-end-position 2))))
  (codellama-fix (point-min) end)
  (wait-until (lambda () (not (equal before (buffer-string))))))
(tell "fixed again" (buffer-string))

(set-buffer-modified-p nil)
(eglot-shutdown (eglot-current-server))
